import type { Operator, OperatorChange } from '../domain/operators/save-operators.ts';
import type { Database } from '../platform/database/database.ts';
import { shownOnce } from './add-member.ts';
import { CommandError } from './command-error.ts';
import type { JsonOption, Outcome } from './output.ts';
import { withHub } from './with-hub.ts';

export type PasswordOptions = JsonOption & { passwordStdin?: boolean };

export function listOperators(): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const store = await import('../domain/operators/save-operators.ts');
    const emails = (await store.listOperators(database)).map(({ email }) => email);
    const text =
      emails.join('\n') || 'There is no operator yet; "trousseau operator add" makes one.';
    return { text, value: emails.map((email) => ({ email })) };
  });
}

export function addOperator(email: string, options: PasswordOptions): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { isEmailAddress } = await import('../platform/text/names.ts');
    // Before a password is asked for.
    if (!isEmailAddress(email)) throw new CommandError(`"${email}" is not an e-mail address`);
    if ((await findOperator(database, email)) !== undefined)
      throw new CommandError(`"${email}" is an operator already`);
    const { passwordHash, generated } = await askForHash(options);
    await save(database, { email, passwordHash });
    return {
      text: `Added the operator ${email}.${shownOnce(generated)}`,
      value: { email, ...(generated && { password: generated }) },
    };
  });
}

export function changeOperatorPassword(email: string, options: PasswordOptions): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const operator = await requireOperator(database, email);
    const { passwordHash, generated } = await askForHash(options);
    await save(database, { id: operator.id, passwordHash });
    return {
      text: `The operator ${operator.email} has a new password. Their sessions have ended.${shownOnce(generated)}`,
      value: { email: operator.email, ...(generated && { password: generated }) },
    };
  });
}

export function removeOperator(email: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const operator = await requireOperator(database, email);
    await save(database, { id: operator.id, remove: true });
    const text = `${operator.email} is no operator any more. Their sessions have ended.`;
    return { text, value: { email: operator.email } };
  });
}

export function removeOperatorFactors(email: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const operator = await requireOperator(database, email);
    const { removeOperatorFactors: remove } = await import('../domain/operators/remove-factors.ts');
    const removed = await database.transaction((tx) => remove(tx, operator, 'cli'));
    const { passkeys, totp, recoveryCodes } = removed;
    const text = `Removed from ${operator.email}: passkeys ${passkeys}, authenticator app ${totp ? 1 : 0}, recovery codes ${recoveryCodes}. Their sessions have ended; their password alone signs in.`;
    return { text, value: { email: operator.email, ...removed } };
  });
}

async function requireOperator(database: Database, email: string): Promise<Operator> {
  const operator = await findOperator(database, email);
  if (operator === undefined) {
    throw new CommandError(`there is no operator "${email}"; "trousseau operator list" names them`);
  }
  return operator;
}

async function findOperator(database: Database, email: string): Promise<Operator | undefined> {
  const { listOperators } = await import('../domain/operators/save-operators.ts');
  const { nameKey } = await import('../platform/text/names.ts');
  const operators = await listOperators(database);
  return operators.find((operator) => nameKey(operator.email) === nameKey(email));
}

async function askForHash(options: PasswordOptions) {
  const { askPassword } = await import('./ask-password.ts');
  const { hashPassword } = await import('../domain/people/password.ts');
  const { password, generated } = await askPassword(options);
  return {
    passwordHash: await hashPassword(password),
    generated: generated ? password : undefined,
  };
}

async function save(database: Database, change: OperatorChange): Promise<void> {
  const { saveOperators } = await import('../domain/operators/save-operators.ts');
  await database.transaction((tx) => saveOperators(tx, [change], 'cli'));
}
