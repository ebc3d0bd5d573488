import { z } from 'zod';
import type { Community } from '../../domain/communities/community.ts';
import { chosenNameFault, type UsernameFault } from '../../domain/memberships/choose-username.ts';
import { displayNameFault, shortened, tidyName } from '../../domain/memberships/display-name.ts';
import { ANSWER_MAX } from '../../domain/registration/answer-store.ts';
import type { Answer, Newcomer } from '../../domain/registration/newcomer.ts';
import { isEmailAddress } from '../../platform/text/names.ts';
import { normalForm } from '../../platform/text/normal-form.ts';
import { typed } from '../../platform/web/form-fields.ts';
import type { FieldFault, NewcomerForm } from './pages.ts';

/** Who somebody says they will be; the community's questions are further fields, `answer-ID`. */
export const newcomerFields = z
  .object({
    username: typed.transform((text) => normalForm(text.trim(), 'NFC')),
    display_name: typed.transform(tidyName),
    given_name: typed.transform(tidyName),
    family_name: typed.transform(tidyName),
    email: typed.transform((text) => text.trim()),
    password: typed,
  })
  .catchall(z.string());

export function readNewcomer(
  fields: z.output<typeof newcomerFields>,
  questions: Community['questions'],
): Newcomer {
  return {
    username: fields.username,
    displayName: fields.display_name,
    givenName: fields.given_name,
    familyName: fields.family_name,
    email: fields.email,
    password: fields.password,
    answers: readAnswers(fields, questions),
  };
}

/** The answers of a form to the community's questions. */
export function readAnswers(
  fields: Record<string, string>,
  questions: Community['questions'],
): Answer[] {
  return questions.map(({ id, text, required }) => {
    const field = `answer-${id}`;
    const answer = (fields[field] ?? '').replaceAll('\r\n', '\n').trim();
    return { field, question: text, required, answer };
  });
}

/** All that can be said of a form without asking the database; the password is judged elsewhere. */
export function newcomerFaults(newcomer: Newcomer, { asksEmail = false } = {}): FieldFault[] {
  const faults: FieldFault[] = [];
  const check = (field: string, kind: string, code: string | undefined) => {
    if (code !== undefined) faults.push({ field, kind, code });
  };
  check('username', 'username', chosenNameFault(newcomer.username));
  check('display_name', 'name', displayNameFault(newcomer.displayName));
  check('given_name', 'name', optional(newcomer.givenName));
  check('family_name', 'name', optional(newcomer.familyName));
  if (asksEmail) check('email', 'email', emailFault(newcomer.email));
  return [...faults, ...answerFaults(newcomer.answers)];
}

export function emailFault(email: string): 'missing' | 'shape' | undefined {
  if (email === '') return 'missing';
  return isEmailAddress(email) ? undefined : 'shape';
}

export function answerFaults(answers: readonly Answer[]): FieldFault[] {
  return answers.flatMap(({ field, required, answer }) => {
    const code =
      answer.length > ANSWER_MAX ? 'too-long' : required && answer === '' ? 'missing' : undefined;
    return code === undefined ? [] : [{ field, kind: 'answer', code }];
  });
}

export function usernameFaultOf(code: UsernameFault): FieldFault {
  return { field: 'username', kind: 'username', code };
}

/** The password's fault at its field. */
export function passwordFault(code: string | undefined): FieldFault[] {
  return code === undefined ? [] : [{ field: 'password', kind: 'password', code }];
}

function optional(name: string) {
  return name === '' ? undefined : displayNameFault(name);
}

/** What was typed, to be shown again: never the password, and nothing of a length that weighs. */
export function shownAgain(
  newcomer: Omit<Newcomer, 'email' | 'password'>,
): Omit<NewcomerForm, 'action' | 'csrf' | 'faults'> {
  return {
    username: shortened(newcomer.username, 100),
    displayName: shortened(newcomer.displayName),
    givenName: shortened(newcomer.givenName),
    familyName: shortened(newcomer.familyName),
    questions: newcomer.answers.map(({ field, question, required, answer }) => ({
      field,
      text: question,
      required,
      answer: shortened(answer, ANSWER_MAX + 500),
    })),
  };
}
