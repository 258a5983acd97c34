/** A certificate for localhost that nobody vouches for, with its key: for the test that the connector does not accept it. */
export const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgn2nN/PQ/LHnzey+u
iFtLKjnSnpFDvXPxkruRCOmsSb+hRANCAAS9aEqxzv/nZjyZO2xKyenqm8Xt6WIQ
BF2Ib9j4R9U5yRbtKk0SD0WcqyaR87G/UY3lMXSsikFOsTkL2Q6nuFzt
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUEzIqLh98rt7tjMJrEhmv2XnDk+gwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA4MjIyOVoYDzIxMjYxMDI4
MDgyMjI5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS9aEqxzv/nZjyZO2xKyenqm8Xt6WIQBF2Ib9j4R9U5yRbtKk0SD0Wc
qyaR87G/UY3lMXSsikFOsTkL2Q6nuFzto1MwUTAdBgNVHQ4EFgQUChyi7o/ApYjk
/MVbYWom/2FwtuQwHwYDVR0jBBgwFoAUChyi7o/ApYjk/MVbYWom/2FwtuQwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAnps8rjcyVXDxpb8d8vsC
PmwRJi1zmHDcG88Cj/92BJUCIEEkTwVeQsRXicnOAEA27wUgdrq2Wc1rYkbvFDkA
uHuo
-----END CERTIFICATE-----
`,
};
