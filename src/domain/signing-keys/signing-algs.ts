/** Every community has a key of each; RS256 first, since some clients take the first key they see. */
export const SIGNING_ALGS = ['RS256', 'ES256'] as const;
export type SigningAlg = (typeof SIGNING_ALGS)[number];
