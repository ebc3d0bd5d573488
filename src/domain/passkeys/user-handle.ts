import { hash } from 'node:crypto';

/**
 * What an authenticator knows a person by (WebAuthn level 3 section 5.4.3): made of the person's random id
 * and the RP ID, so that the handles which two communities' hosts see of one person tell nothing of each
 * other. It needs no key: nobody guesses a random id, and a handle must outlive every rotation.
 */
export function userHandle(rpId: string, personId: string): Buffer {
  return hash('sha256', `trousseau passkey\0${rpId}\0${personId}`, 'buffer');
}
