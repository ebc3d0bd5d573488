import type { Entry } from '../directory/directory.ts';
import type { Scene } from '../entries/entry-types.ts';
import type { PreparedLists } from './prepared-lists.ts';

/** True, false, or neither (RFC 4511 §4.5.1.7). */
export type Verdict = 1 | 0 | -1;
export const TRUE = 1;
export const FALSE = 0;
export const UNDEFINED = -1;
export type Matcher = (entry: Entry) => Verdict;

export const matchNothing: Matcher = () => FALSE;
export const matchUndefined: Matcher = () => UNDEFINED;

/** Finds the entry that a DN-valued assertion names, where the scene shows it. */
export type ResolveDn = (text: string) => Entry | undefined;
/** What an assertion is judged in. */
export type Setting = { scene: Scene; resolveDn: ResolveDn; lists: PreparedLists };
