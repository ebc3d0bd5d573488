import { type Dn, parseDn } from '../../../platform/distinguished-names/dn.ts';
import type { Directory, Entry } from '../directory/directory.ts';
import { findByDn, isInDirectory } from '../directory/find-by-dn.ts';
import { hasValues, type Scene } from '../entries/entry-types.ts';
import type { Responses } from '../handler.ts';
import { type CompareRequest, TAG } from '../protocol/message.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import { findAttributeType } from '../schema/attribute-types.ts';
import { directoryFor, readDn } from './directory-for.ts';
import { matchEquality } from './match-equality.ts';
import { TRUE, UNDEFINED } from './matcher.ts';
import { PreparedLists } from './prepared-lists.ts';
import { requireEntry } from './search-area.ts';
import { type Session, sceneOf, seesEntry, type Tree } from './session.ts';
import { specialEntry } from './special-entries.ts';

/** Compare (RFC 4511 §4.10), by the attribute's matching rule (row 28). */
export function compare(
  id: number,
  request: CompareRequest,
  session: Session,
  responses: Responses,
  tree: Tree & { startTls: boolean },
): void | Promise<void> {
  const dn = readDn(request.entry);
  const answer = (entry: Entry, scene: Scene) =>
    responses.writer.result(id, TAG.compareResponse, { code: judge(request, entry, scene) });
  const special = specialEntry(dn, { scope: 'base' }, session, tree);
  if (special !== undefined) return answer(special, NOWHERE);
  const within = (directory: Directory) => {
    const scene = sceneOf(session, directory, tree);
    answer(requireEntry(directory, dn, scene), scene);
  };
  const directory = directoryFor(dn, session, tree);
  return directory instanceof Promise ? directory.then(within) : within(directory);
}

/** Special entries are in no directory; nothing of theirs looks at one. */
const NOWHERE = {} as Scene;

function judge({ attribute, value }: CompareRequest, entry: Entry, scene: Scene) {
  const type = findAttributeType(attribute);
  if (type === undefined) {
    throw new LdapError(RESULT.undefinedAttributeType, `no attribute "${attribute.slice(0, 100)}"`);
  }
  if (type.withSubtypes.every((each) => !hasValues(entry, each, scene))) {
    throw new LdapError(RESULT.noSuchAttribute, `the entry has no ${type.name}`);
  }
  const resolveDn = (text: string) => resolve(text, scene);
  const setting = { scene, resolveDn, lists: new PreparedLists() };
  const verdict = value === undefined ? UNDEFINED : matchEquality(attribute, value, setting)(entry);
  if (verdict === UNDEFINED) {
    throw new LdapError(RESULT.invalidAttributeSyntax, `the value is not of ${type.name}'s syntax`);
  }
  return verdict === TRUE ? RESULT.compareTrue : RESULT.compareFalse;
}

function resolve(text: string, scene: Scene): Entry | undefined {
  const dn: Dn | undefined = parseDn(text);
  if (dn === undefined || !isInDirectory(scene.directory, dn)) return undefined;
  const { entry } = findByDn(scene.directory, dn);
  return entry !== undefined && seesEntry(entry, scene) ? entry : undefined;
}
