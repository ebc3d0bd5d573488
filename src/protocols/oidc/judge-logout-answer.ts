import type { OutboundResponse } from '../../platform/outbound/outbound.ts';
import { type Outcome, parseRetryAfter } from '../../platform/outbox/retry-policy.ts';

/** Answers of 4xx that speak of the moment, not of the request. */
const PASSING = [408, 425, 429];
/** Answers with which apps say that there is nothing to end. */
const MAY_SAY_GONE = [400, 404, 410, 422];
/** What is read of an answer's text, and what is kept of it. */
const MAX_READ = 4_000;
const MAX_KEPT = 200;

/** `WHO … IS_GONE`, or `NONE … (session)`, or plainly signed out; never across two sentences. */
const WHO = '(sessions?|sid|sub|subject|users?|account)';
const IS_GONE = [
  "not (be )?found|not exist|n[’']existe|unknown|no longer|already|expired|terminated|ended|gone|inactive",
  'not active|not (currently )?(logged|signed) ?in|introuvable|inconnue?|expirée?|terminée?',
].join('|');
const NONE =
  "(no|unknown|unrecogni[sz]ed|expired|(cannot|can not|could ?n[o’']t|unable to) find|aucune)";
const KIND =
  '( (such|active|matching|valid|open|associated|existing|known|user|oidc|sso|local|a|an|any|the))*';
const SIGNED_OUT = '(already (logged|signed) ?out|not (logged|signed) ?in)';
const GONE = new RegExp(
  `\\b(${WHO}\\b[^.;:]{0,60}\\b(${IS_GONE})|${NONE}${KIND} (session|sid)|${SIGNED_OUT})(?![a-z])`,
  'i',
);

/**
 * What an answer to a logout token means (OpenID Connect Back-Channel Logout 1.0 §2.8): 200 is success, as is
 * the 204 of servers that say nothing. Whoever is signed out there already counts as signed out, with
 * whatever status the app says so: Nextcloud has 400 for it.
 */
export function judgeLogoutAnswer({ status, headers, body }: OutboundResponse): Outcome {
  if (status === 200 || status === 204) return { state: 'done' };
  const type = headers.get('content-type') ?? '';
  const text = textOf(body.slice(0, MAX_READ), type);
  // A page of HTML is not the endpoint's word: "your session has expired" is what a form says, too.
  if (MAY_SAY_GONE.includes(status) && !text.isPage && GONE.test(plain(text.words)))
    return { state: 'done' };
  const told = withoutSecrets(text.words);
  const reason = `the client answered ${status}${told === '' ? '' : ` (${told})`}`;
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'));
  const isRefusal = status >= 300 && status < 500 && !PASSING.includes(status);
  return { state: isRefusal ? 'refused' : 'retry', reason, retryAfterMs };
}

/** Codes in words: `session_not_found`, `SESSION-EXPIRED`, `unknownSession`. */
function plain(words: string): string {
  return words.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ');
}

/** The words of an answer: an OAuth error, a problem (RFC 9457), what else JSON calls it, or a text. */
function textOf(body: string, type: string): { words: string; isPage: boolean } {
  const isPage = /html/i.test(type) || /^\s*</.test(body);
  if (isPage) {
    const [, title] = /<title[^>]*>([^<]*)/i.exec(body) ?? [];
    return { words: title ?? '', isPage };
  }
  try {
    const parsed: unknown = JSON.parse(body);
    const said = ['error', 'title', 'error_description', 'message', 'detail', 'reason']
      .map((key) => (parsed as Record<string, unknown> | null)?.[key])
      .filter((value) => typeof value === 'string' && value !== '');
    return { words: [...new Set(said)].join(': '), isPage };
  } catch {
    return { words: body, isPage };
  }
}

/**
 * A foreign text as the log and the operator may have it: one line, short, and without what looks like a
 * secret, or like somebody. The client may repeat the token that it was sent.
 */
function withoutSecrets(text: string): string {
  const clean = text
    .replace(/[\p{C}\s]+/gu, ' ')
    .replace(/\bbearer\s+\S+/gi, 'Bearer …')
    .replace(/\b(pass(?:word|wd|phrase)?|secret)["']?\s*[=:]\s*[^\s,;)]+/gi, '$1=…')
    .replace(/\b(token|key|code|sid|sub)["']?\s*[=:]\s*(?=[^\s,;)]*\d)[^\s,;)]+/gi, '$1=…')
    .replace(/[?#][^\s"'<>]+/g, '?…')
    .replace(/\S+@\S+/g, '…')
    // Whatever is long, and no word: tokens, hashes, identifiers.
    .replace(/[\w+/=.~-]{16,}/g, (word) => (isWord(word) ? word : '…'))
    .trim();
  return clean.length > MAX_KEPT ? `${clean.slice(0, MAX_KEPT - 1)}…` : clean;
}

function isWord(text: string): boolean {
  return text.length <= 48 && /^[a-z]{1,24}([._-][a-z]{1,24})*$/i.test(text);
}
