// oidc-provider as ProConnect sets it up: signed userinfo, its claims, and no parameter it does not
// know. Prints its address, then serves until it is ended. Nobody is asked for a password.
"use strict";

const { generateKeyPairSync } = require("node:crypto");
const { createServer } = require("node:http");
const { Provider } = require("oidc-provider");

const { client, secret, publicUrl, claims, pkce, alg } = JSON.parse(process.argv[2]);
const ALLOWED = ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce"];
const OWN_SCOPES = Object.keys(claims).filter((name) => name !== "sub");

function privateKey(type, options, rest) {
  const { privateKey: key } = generateKeyPairSync(type, options);
  return { ...key.export({ format: "jwk" }), use: "sig", ...rest };
}

function configuration() {
  return {
    clients: [
      {
        client_id: client,
        client_secret: secret,
        redirect_uris: [`${publicUrl}/connexion/retour`],
        post_logout_redirect_uris: [`${publicUrl}/deconnexion`],
        token_endpoint_auth_method: "client_secret_post",
        id_token_signed_response_alg: alg,
        userinfo_signed_response_alg: alg,
      },
    ],
    jwks: {
      keys: [
        privateKey("rsa", { modulusLength: 2048 }, { kid: "rsa" }),
        privateKey("ec", { namedCurve: "P-256" }, { kid: "ec" }),
      ],
    },
    claims: { openid: ["sub"], ...Object.fromEntries(OWN_SCOPES.map((name) => [name, [name]])) },
    scopes: ["openid", ...OWN_SCOPES],
    cookies: { keys: ["a key of the test's"] },
    enabledJWA: {
      idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "HS256"],
      userinfoSigningAlgValues: ["RS256", "PS256", "ES256", "HS256"],
    },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => void (ctx.body = form) },
    },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => pkce },
    ttl: { Interaction: 60, Session: 60, Grant: 60, AccessToken: 60, IdToken: 60 },
    findAccount: (ctx, accountId) => ({ accountId, claims: () => ({ ...claims, sub: accountId }) }),
    loadExistingGrant: async (ctx) => {
      const { client: asking, params, provider, session } = ctx.oidc;
      const grant = new provider.Grant({
        clientId: asking.clientId,
        accountId: session.accountId,
      });
      grant.addOIDCScope(params.scope);
      await grant.save();
      return grant;
    },
  };
}

async function proConnectManners(ctx, next) {
  const unknown = Object.keys(ctx.query).filter((name) => !ALLOWED.includes(name));
  if (!pkce && ctx.path === "/auth" && unknown.length) {
    ctx.status = 400;
    ctx.body = { error: "Y000400", unknown };
    return;
  }
  await next();
  if (!pkce && ctx.path === "/.well-known/openid-configuration") {
    delete ctx.body.code_challenge_methods_supported;
  }
}

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration());
  provider.use(proConnectManners);
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (request.url.startsWith("/interaction/")) {
      provider.interactionFinished(request, response, { login: { accountId: "alix" } });
    } else {
      answer(request, response);
    }
  });
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
