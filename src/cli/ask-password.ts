import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { PASSWORD_MAX_BYTES } from '../domain/people/password.ts';
import {
  generatePassword,
  PASSWORD_MIN_CHARACTERS,
  passwordFault,
} from '../domain/people/password-rule.ts';
import { decodeText, EncodingError, isWhole } from '../platform/text/whole-text.ts';
import { CommandError } from './command-error.ts';

export type GivenPassword = { password: string; generated: boolean };

/**
 * A new password: from standard input with `--password-stdin`, else asked for on a terminal, else (and
 * for an empty answer) generated. Never from the command line, which every user of the machine can read.
 * @throws CommandError when it is too short or too long, or was not repeated
 */
export async function askPassword(options: { passwordStdin?: boolean }): Promise<GivenPassword> {
  if (options.passwordStdin) return given(await readStdin());
  if (!process.stdin.isTTY) return { password: generatePassword(), generated: true };
  const prompt = openHiddenPrompt();
  try {
    const first = await prompt.ask('New password (empty: one is generated): ');
    if (!isWhole(first)) {
      throw new CommandError(
        'the password is not text in UTF-8: set the terminal to UTF-8, and type it again',
      );
    }
    if (first === '') return { password: generatePassword(), generated: true };
    const result = given(first);
    if ((await prompt.ask('Again: ')) !== first) throw new CommandError('the two passwords differ');
    return result;
  } finally {
    prompt.close();
  }
}

function given(password: string): GivenPassword {
  const fault = passwordFault(password);
  if (fault === 'too-short') {
    throw new CommandError(`the password has fewer than ${PASSWORD_MIN_CHARACTERS} characters`);
  }
  if (fault === 'too-long') {
    throw tooLong();
  }
  return { password, generated: false };
}

function tooLong(): CommandError {
  return new CommandError(`the password has more than ${PASSWORD_MAX_BYTES} bytes`);
}

/** All of standard input, without the line end that `echo` adds. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk);
    bytes += chunk.length;
    // The rest need not be read to say so.
    if (bytes > PASSWORD_MAX_BYTES + 2) throw tooLong();
  }
  return wholePassword(() => decodeText(Buffer.concat(chunks)).replace(/\r?\n$/, ''));
}

/** @throws CommandError where letters were lost: a password of those could never be typed elsewhere */
function wholePassword(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    const { line, column, message } = error;
    throw new CommandError(`standard input, line ${line}, column ${column}: it ${message}`);
  }
}

type HiddenPrompt = { ask(question: string): Promise<string>; close(): void };

/** Asks on the terminal without showing what is typed. */
function openHiddenPrompt(): HiddenPrompt {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Takes the terminal's echo away at once: before the question is shown.
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  terminal.on('SIGINT', () => terminal.close());
  // One reader for all questions, so that lines typed ahead (or pasted) are not lost between two.
  const lines = terminal[Symbol.asyncIterator]();
  return {
    async ask(question) {
      process.stderr.write(question);
      const { done, value } = await lines.next();
      process.stderr.write('\n');
      if (done) throw new CommandError('no password was given');
      return value;
    },
    close: () => terminal.close(),
  };
}
