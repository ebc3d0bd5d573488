/** What a service and its client can be; the commands and the file offer the same. */
export const TRUSTS = ['first-party', 'third-party'] as const;
/** Besides these, a service can be for groups. */
export const OPEN_ACCESS = ['everyone', 'approval'] as const;
export const CLIENT_KINDS = ['web', 'spa', 'native'] as const;
/** How a client sends its secret. */
export const SECRET_METHODS = ['client_secret_basic', 'client_secret_post'] as const;
export const CLIENT_AUTH_METHODS = [...SECRET_METHODS, 'none'] as const;
export const CLAIMS_PLACES = ['id_token', 'userinfo', 'both'] as const;
