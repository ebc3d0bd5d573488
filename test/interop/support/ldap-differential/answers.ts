import type {
  CompareRequest,
  Control,
  SearchRequest,
} from '../../../../src/protocols/ldap/protocol/message.ts';
import { element, integer } from '../../../ldap/support/encode-request.ts';
import type { Answer, LdapClient } from '../../../ldap/support/ldap-client.ts';

/** What both servers are asked; a page size asks for the same in pages. */
export type Question = { request: SearchRequest | CompareRequest; pageSize?: number | undefined };

/** An answer in a form in which equal answers are equal texts. */
export type Outcome = {
  code: number;
  matchedDn: string;
  /** By name; each a list of `attribute: value`. */
  entries: Map<string, string[]>;
};

/** Attributes that only slapd keeps: who wrote an entry, and its place in replication. */
const SLAPDS_OWN = new Set(['creatorsName', 'modifiersName', 'entryCSN']);
const DN_VALUED = new Set(['member', 'uniqueMember', 'memberOf', 'entryDN', 'subschemaSubentry']);
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

export async function askFor(client: LdapClient, question: Question): Promise<Outcome> {
  const { request, pageSize } = question;
  if (pageSize === undefined) return outcomeOf([await client.request(request)]);
  const pages: Answer[] = [];
  let cookie: Buffer = Buffer.alloc(0);
  do {
    const answer = await client.request(request, [pageControl(pageSize, cookie)]);
    pages.push(answer);
    cookie = cookieOf(answer.controls);
  } while (cookie.length > 0);
  return outcomeOf(pages);
}

function pageControl(size: number, cookie: Buffer): Control {
  const value = element(0x30, integer(0x02, size), element(0x04, cookie));
  return { oid: PAGED_RESULTS, critical: true, value };
}

/** SEQUENCE { size INTEGER, cookie OCTET STRING }, all lengths in one byte. */
function cookieOf(controls: readonly Control[]): Buffer {
  const value = controls.find(({ oid }) => oid === PAGED_RESULTS)?.value;
  return value?.subarray(2 + 2 + (value[3] as number) + 2) ?? Buffer.alloc(0);
}

function outcomeOf(answers: readonly Answer[]): Outcome {
  const last = answers.at(-1) as Answer;
  const entries = new Map<string, string[]>();
  for (const { dn, attributes } of answers.flatMap((answer) => answer.entries)) {
    const name = normalDn(dn);
    if (entries.has(name)) throw new Error(`${name} comes twice`);
    entries.set(name, linesOf(attributes));
  }
  return { code: last.code, matchedDn: normalDn(last.matchedDn), entries };
}

function linesOf(attributes: ReadonlyMap<string, readonly string[]>): string[] {
  return [...attributes]
    .filter(([name]) => !SLAPDS_OWN.has(name))
    .flatMap(([name, values]) =>
      values.length === 0
        ? [name]
        : values.map((value) => `${name}: ${DN_VALUED.has(name) ? normalDn(value) : value}`),
    )
    .sort();
}

/**
 * A name in one spelling, whatever a server's: escapes read, spaces and case taken away. Written apart
 * from the bridge's own reader of names, so that a fault of that one shows.
 */
export function normalDn(dn: string): string {
  const latin = Buffer.from(dn).toString('latin1');
  const read = latin.replace(/\\([0-9a-fA-F]{2})|\\(.)/gs, (_, hex?: string, char?: string) =>
    marked(hex === undefined ? (char as string) : String.fromCharCode(Number.parseInt(hex, 16))),
  );
  return Buffer.from(read, 'latin1').toString().normalize('NFKC').toLowerCase();
}

/** What was escaped stays apart from what separates names. */
const marked = (char: string): string => (/[,+=;]/.test(char) ? `\\${char}` : char);

/** What is different between two answers to one question; undefined when nothing is. */
export function difference(question: Question, bridge: Outcome, slapd: Outcome) {
  const codes = `bridge ${bridge.code} "${bridge.matchedDn}", slapd ${slapd.code} "${slapd.matchedDn}"`;
  if (bridge.code !== slapd.code) return `result codes: ${codes}`;
  if (bridge.matchedDn !== slapd.matchedDn) return `matched names: ${codes}`;
  const { request } = question;
  const isCut = bridge.code === 4 && request.kind === 'search';
  // Which entries come before the limit is everybody's own choice (RFC 4511 §4.5.1.4).
  if (isCut && bridge.entries.size === slapd.entries.size) return undefined;
  const both = new Set([...bridge.entries.keys(), ...slapd.entries.keys()]);
  const lines = [...both].flatMap((dn) =>
    entryDifference(dn, bridge.entries.get(dn), slapd.entries.get(dn)),
  );
  return lines.length === 0 ? undefined : lines.slice(0, 8).join('\n');
}

function entryDifference(dn: string, bridge: string[] | undefined, slapd: string[] | undefined) {
  if (bridge === undefined) return [`only slapd gives ${dn}`];
  if (slapd === undefined) return [`only the bridge gives ${dn}`];
  return [
    ...bridge
      .filter((each) => !slapd.includes(each))
      .map((each) => `only the bridge: ${dn} ${each}`),
    ...slapd.filter((each) => !bridge.includes(each)).map((each) => `only slapd: ${dn} ${each}`),
  ];
}
