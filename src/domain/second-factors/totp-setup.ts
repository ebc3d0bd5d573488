import QRCode from 'qrcode';
import { SealError, type Sealer } from '../../platform/secrets/sealer.ts';
import { newTotpSecret, stepOf, totpAddress } from './totp.ts';

/** What a page shows to set an authenticator app up. */
export type TotpSetup = {
  /** The secret for typing, in groups of four. */
  secret: string;
  /** A picture of it, as a `data:` address. */
  picture: string;
  /** The secret again, sealed: the form brings it back, and nothing is stored before a code of it is right. */
  setup: string;
};

const MINUTES = 30;
const contextOf = (personId: string) => `totp-setup:${personId}`;

type Whose = { personId: string; username: string; community: string };

/** @param before what the form brought back, so that a wrong code does not ask for another picture */
export async function beginTotp(sealer: Sealer, whose: Whose, before?: string): Promise<TotpSetup> {
  const { personId, username, community } = whose;
  const kept = before === undefined ? undefined : openSetup(sealer, personId, before);
  const secret = kept ?? newTotpSecret();
  const until = Date.now() + MINUTES * 60_000;
  const sealed = sealer.seal(JSON.stringify({ secret, until }), contextOf(personId));
  const svg = await QRCode.toString(totpAddress(secret, community, username), {
    type: 'svg',
    errorCorrectionLevel: 'M',
    margin: 3,
  });
  return {
    secret: secret.replaceAll(/(.{4})(?=.)/g, '$1 '),
    picture: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`,
    setup: sealed.toString('base64url'),
  };
}

/**
 * The secret of a set-up whose code was typed, with the step that is used up by it.
 * @returns `expired` for a form that is too old or another's, `code` for a code that is not right
 */
export function confirmTotp(
  sealer: Sealer,
  personId: string,
  { setup, code }: { setup: string | undefined; code: string | undefined },
): { secret: string; step: number } | 'expired' | 'code' {
  const secret = openSetup(sealer, personId, setup ?? '');
  if (secret === undefined) return 'expired';
  const step = stepOf(secret, code ?? '');
  return step === undefined ? 'code' : { secret, step };
}

function openSetup(sealer: Sealer, personId: string, setup: string): string | undefined {
  if (setup === '' || setup.length > 1000) return undefined;
  try {
    const opened = sealer.open(Buffer.from(setup, 'base64url'), contextOf(personId));
    const { secret, until } = JSON.parse(opened.toString());
    return until > Date.now() ? secret : undefined;
  } catch (error) {
    if (error instanceof SealError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
