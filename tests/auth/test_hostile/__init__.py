"""A provider, or whoever stands before it, that lies: nobody is signed in, no page breaks."""
