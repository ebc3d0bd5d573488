import { z } from 'zod';
import { HashFault } from '../../domain/people/foreign-hashes/foreign-hash.ts';
import { readForeignHash } from '../../domain/people/foreign-hashes/read-foreign-hash.ts';
import { PASSWORD_MAX_BYTES } from '../../domain/people/password.ts';
import { PASSWORD_MIN_CHARACTERS, passwordFault } from '../../domain/people/password-rule.ts';
import { lineFault, slugFault, wholeNumberFault } from '../../platform/text/text-faults.ts';
import { isWhole } from '../../platform/text/whole-text.ts';
import { didYouMean } from './nearest.ts';

/** A mapping that takes these keys and no others. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    // For keys that are not known, the message lists those that are: the reader of the issues (parse-file.ts)
    // makes a fault of each unknown key from it.
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? known.join(', ')
        : missingOr('must be a mapping of keys to values')(issue),
  });
}

export function missingOr(message: string) {
  return (issue: { input?: unknown }) => (issue.input === undefined ? 'is missing' : message);
}

export function text(limits: { max: number }) {
  return checkedText((value) => lineFault(value, limits));
}

/** Text that a rule of its own checks; `fault` says what is wrong, or undefined. */
export function checkedText(fault: (value: string) => string | undefined) {
  return z
    .string({ error: missingOr('must be text: put it between quotes') })
    .superRefine((value, context) => {
      const message = fault(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, {
    error: (issue) => {
      if (issue.input === undefined) return 'is missing';
      const hint = typeof issue.input === 'string' ? didYouMean(issue.input, values) : '';
      return `must be one of ${values.join(', ')}${hint}`;
    },
  });
}

export function number(limits: { min: number; max: number }) {
  const fault = (value: number) => wholeNumberFault(value, limits);
  return z
    .number({ error: missingOr(fault(Number.NaN) as string) })
    .superRefine((value, context) => {
      const message = fault(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
}

export function flag() {
  return z.boolean({ error: missingOr('must be true or false') });
}

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: missingOr('must be a list') });
}

/** Text, or a mapping that says more; each with its own faults, which a union would not tell apart. */
export function textOr<Text extends z.ZodType, More extends z.ZodType>(asText: Text, more: More) {
  return z.unknown().transform((value, context): z.output<Text> | z.output<More> => {
    const { data, error } = (typeof value === 'string' ? asText : more).safeParse(value);
    if (error === undefined) return data as z.output<Text> | z.output<More>;
    for (const issue of error.issues) context.issues.push({ ...issue, input: value } as never);
    return z.NEVER;
  });
}

/** DNS-like names that stand in addresses. */
export function slug() {
  return checkedText(slugFault);
}

/**
 * A secret, as text or as `{env: NAME}`. Messages never repeat what was given.
 * @param fault says what is wrong with the secret itself, or undefined
 */
export function secret(env: NodeJS.ProcessEnv, fault: (value: string) => string | undefined) {
  return z.unknown().transform((value, context): string => {
    const found = secretText(value, env);
    const message = 'fault' in found ? found.fault : fault(found.text);
    if (message !== undefined) {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    return (found as { text: string }).text;
  });
}

function secretText(value: unknown, env: NodeJS.ProcessEnv): { text: string } | { fault: string } {
  if (typeof value === 'string') return { text: value };
  if (value === undefined) return { fault: 'is missing' };
  const name = (value as { env?: unknown } | null)?.env;
  if (typeof name !== 'string' || Object.keys(value as object).length !== 1) {
    return { fault: 'must be text between quotes, or {env: NAME} to take it from the environment' };
  }
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return { fault: 'env must name an environment variable' };
  const text = env[name];
  if (text === undefined || text === '')
    return { fault: `the environment variable ${name} is not set` };
  if (!isWhole(text)) return { fault: `the environment variable ${name} is not text in UTF-8` };
  return { text };
}

/** What is wrong with a password of a person or a reader; undefined when nothing is. */
export function passwordMessage(value: string): string | undefined {
  const fault = passwordFault(value);
  if (fault === 'too-short') return `must have at least ${PASSWORD_MIN_CHARACTERS} characters`;
  return fault === 'too-long' ? `must have at most ${PASSWORD_MAX_BYTES} bytes` : undefined;
}

/** What is wrong with a password's hash, or undefined: its kind, or what it costs. */
export function passwordHashMessage(value: string): string | undefined {
  const found = readForeignHash(value);
  return found instanceof HashFault
    ? `must be a password hash that can be checked here; this one ${found.words}`
    : undefined;
}

/** A password's hash as it is kept, whichever way it was written. */
export function passwordHashText(value: string): string {
  const found = readForeignHash(value);
  return found instanceof HashFault ? value : found.text;
}
