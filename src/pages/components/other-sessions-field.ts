import { z } from 'zod';
import type { OtherSessions } from '../../domain/second-factors/other-sessions.ts';

/**
 * What a form asks of the other sessions. A new password signs out elsewhere unless somebody says otherwise:
 * the old one may be known. A second factor or a passkey takes nothing from anybody: there they go on.
 */
export const PASSWORD_OTHERS: OtherSessions = 'end';
export const FACTOR_OTHERS: OtherSessions = 'keep';

/** @param usual what counts where nothing is said */
export function othersField(usual: OtherSessions) {
  return z.enum(['keep', 'end']).catch(usual);
}

/** The question as a page shows it (`other-sessions.hbs`); the usual answer comes last, next to the button. */
export type OthersQuestion = {
  choices: { state: OtherSessions; isChosen: boolean }[];
  /** Where app passwords are, which go on either way; undefined while a sign-in is on its way. */
  appPasswordsUrl: string | undefined;
  /** Whether it is an operator who is asked, of the console. */
  isConsole?: boolean;
};

export function askOthers(
  usual: OtherSessions,
  { chosen = usual, basePath }: { chosen?: OtherSessions | undefined; basePath?: string },
): OthersQuestion {
  const values: OtherSessions[] = usual === 'end' ? ['keep', 'end'] : ['end', 'keep'];
  return {
    choices: values.map((state) => ({ state, isChosen: state === chosen })),
    appPasswordsUrl: basePath === undefined ? undefined : `${basePath}/account/app-passwords`,
  };
}

/**
 * The same question to an operator. With the first factor there is none: whatever the password alone opened at
 * the console ends.
 */
export function askOthersOfConsole(
  usual: OtherSessions,
  { chosen, isFirst }: { chosen?: OtherSessions | undefined; isFirst: boolean },
): OthersQuestion {
  const question = askOthers(usual, { chosen });
  return { ...question, isConsole: true, ...(isFirst && { choices: [] }) };
}
