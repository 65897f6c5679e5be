// A fetch that keeps what was asked and what was served.
"use strict";

exports.recording = () => {
  const requests = [];
  const fetched = async (url, options) => {
    const response = await fetch(url, options);
    requests.push({
      method: options.method,
      accept: new Headers(options.headers).get("accept"),
      status: response.status,
      served: response.headers.get("content-type"),
    });
    return response;
  };
  return { requests, fetched };
};
