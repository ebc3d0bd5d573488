import { normalHost } from '../text/host-name.ts';

/** A mail server, as `SMTP_URL` names it. */
export type SmtpServer = {
  host: string;
  port: number;
  /** TLS from the first byte (RFC 8314 §3.3). */
  secure: boolean;
  /** Whether a session that begins in clear must go over to TLS (RFC 3207) before anything is sent. */
  starttls: 'required' | 'optional' | 'off';
  auth: { user: string; pass: string } | undefined;
};

const STARTTLS = ['required', 'optional', 'off'] as const;

/**
 * Reads `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`. Messages hold links that open accounts: with
 * `smtp://` TLS is required, but for a server on this machine, unless `?starttls=optional` or `off` says
 * otherwise. Ports: 465 with `smtps://`, 587 for those who give a password, else 25.
 * @returns what is wrong with it, in words that hold no password, where something is
 */
export function parseSmtpUrl(value: string): SmtpServer | { fault: string } {
  const url = URL.parse(value);
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    return { fault: 'must be smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start' };
  }
  if (!['', '/'].includes(url.pathname) || url.hash !== '') {
    return {
      fault: 'must end after the host and the port; write / and # in a password as %2F, %23',
    };
  }
  const secure = url.protocol === 'smtps:';
  const auth = credentials(url);
  if (auth === 'broken') return { fault: 'a % in the user or the password must be written as %25' };
  // `URL` leaves the names of schemes that it does not know as they are written.
  const host = normalHost(decoded(url.hostname) ?? '')?.replace(/^\[|\]$/g, '');
  if (host === undefined) return { fault: 'names no host' };
  const options = [...url.searchParams];
  const starttls = options.length === 0 ? usual(host) : options[0]?.[1];
  if (options.length > 1 || (options.length === 1 && options[0]?.[0] !== 'starttls')) {
    return { fault: 'knows no option but starttls' };
  }
  const known = STARTTLS.find((one) => one === starttls);
  if (known === undefined) return { fault: 'starttls is required, optional or off' };
  if (secure && options.length > 0) return { fault: 'smtps:// has no STARTTLS' };
  const usualPort = secure ? 465 : auth === undefined ? 25 : 587;
  return {
    host,
    port: url.port === '' ? usualPort : Number(url.port),
    secure,
    starttls: known,
    auth,
  };
}

function usual(host: string): SmtpServer['starttls'] {
  return host === 'localhost' || host === '::1' || /^127\./.test(host) ? 'optional' : 'required';
}

function credentials({ username, password }: URL): SmtpServer['auth'] | 'broken' {
  if (username === '' && password === '') return undefined;
  const [user, pass] = [decoded(username), decoded(password)];
  return user === undefined || pass === undefined ? 'broken' : { user, pass };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
