import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

type Flags = {
  userVerified?: boolean;
  backupEligible?: boolean;
  backedUp?: boolean;
};

/** What the page's script would ask of the browser, as far as an authenticator looks at it. */
type Asked = { challenge: string; rpId?: string; rp?: { id: string }; user?: { id: string } };

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest();

/**
 * A passkey in software, for answers that no honest authenticator gives (WebAuthn level 3 section 6): each
 * part of what it signs can be had otherwise.
 */
export class Authenticator {
  readonly credentialId = randomBytes(32);
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #origin: string;
  readonly #flags: Required<Flags>;
  /** Authenticators that do not count say 0 each time. */
  readonly #counts: boolean;
  counter = 0;
  userHandle = '';

  constructor(origin: string, options: Flags & { counts?: boolean } = {}) {
    const { counts = false, ...flags } = options;
    this.#origin = origin;
    this.#counts = counts;
    this.#flags = { userVerified: true, backupEligible: true, backedUp: true, ...flags };
  }

  /** The answer to registration options, as the form sends it. */
  register(asked: Asked, change: Flags = {}): string {
    this.userHandle = asked.user?.id ?? '';
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.credentialId.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.credentialId, this.#coseKey()]);
    const data = this.#authenticatorData(asked.rp?.id as string, change, attested);
    // {"fmt": "none", "attStmt": {}, "authData": bytes}
    const attestationObject = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746159', 'hex'),
      Buffer.from([data.length >> 8, data.length & 0xff]),
      data,
    ]);
    return this.#answer({
      clientDataJSON: this.#clientData('webauthn.create', asked.challenge).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    });
  }

  /** The answer to sign-in options. */
  signIn(
    asked: Asked,
    change: Flags & {
      origin?: string;
      rpId?: string;
      userHandle?: string | undefined;
      counter?: number;
      crossOrigin?: boolean;
    } = {},
  ): string {
    if (this.#counts) this.counter += 1;
    if (change.counter !== undefined) this.counter = change.counter;
    const clientData = this.#clientData('webauthn.get', asked.challenge, change);
    const data = this.#authenticatorData(change.rpId ?? (asked.rpId as string), change);
    const signed = createSign('sha256').update(data).update(sha256(clientData));
    return this.#answer({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: signed.sign(this.#keys.privateKey).toString('base64url'),
      userHandle: 'userHandle' in change ? change.userHandle : this.userHandle,
    });
  }

  #answer(response: Record<string, unknown>): string {
    const id = this.credentialId.toString('base64url');
    return JSON.stringify({ id, rawId: id, type: 'public-key', response });
  }

  #clientData(
    type: string,
    challenge: string,
    { origin = this.#origin, crossOrigin = false } = {},
  ): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }));
  }

  #authenticatorData(rpId: string, change: Flags, attested?: Buffer): Buffer {
    const flags = { ...this.#flags, ...change };
    const byte =
      1 |
      (flags.userVerified ? 4 : 0) |
      (flags.backupEligible ? 8 : 0) |
      (flags.backedUp ? 16 : 0) |
      (attested ? 64 : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([sha256(rpId), Buffer.of(byte), counter, attested ?? Buffer.alloc(0)]);
  }

  /** {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y} */
  #coseKey(): Buffer {
    const { x, y } = this.#keys.publicKey.export({ format: 'jwk' });
    return Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x as string, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y as string, 'base64url'),
    ]);
  }
}
