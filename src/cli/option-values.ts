import { InvalidArgumentError } from 'commander';
import { readUntil, untilFault } from '../domain/ends/until.ts';

/** Values of options, as commander reads them. */
export const SWITCH = ['on', 'off'] as const;
export type Switch = (typeof SWITCH)[number];

export function isOn(value: Switch | undefined): boolean | undefined {
  return value === undefined ? undefined : value === 'on';
}

/** Of an option that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

export function positive(value: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value))
    throw new InvalidArgumentError('It must be a number from 1 to 999999.');
  return Number(value);
}

/** An end: a day, which counts whole, or an instant. */
export function until(value: string): Date {
  const fault = untilFault(value);
  if (fault !== undefined) throw new InvalidArgumentError(`It ${fault}.`);
  return readUntil(value);
}

/** Of an option that can be said with `--no-`, which takes away. */
export function orNull<Value>(value: Value | false | undefined): Value | null | undefined {
  return value === false ? null : value;
}
