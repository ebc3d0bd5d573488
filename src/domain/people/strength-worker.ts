import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import * as common from '@zxcvbn-ts/language-common';
import * as en from '@zxcvbn-ts/language-en';
import * as fr from '@zxcvbn-ts/language-fr';

// The thread of `password-strength.ts`: a password and the words that it must not rest on come in, its
// score goes out.

const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...en.dictionary, ...fr.dictionary },
  graphs: common.adjacencyGraphs,
  // Ways to read "p4$$w0rd". The library's hundred find hardly more, and cost four times as much.
  l33tMaxSubstitutions: 20,
});

/**
 * zxcvbn takes a blank between two words for something that has to be guessed: "bonjour bonjour" would be as
 * good as two strange words. So the password has to be good without what stands between, too; unless hardly
 * anything else is in it.
 */
function score(password: string, words: string[]): number {
  const bare = password.replaceAll(/[^\p{L}\p{N}]/gu, '');
  const without = bare.length * 2 < password.length ? 4 : zxcvbn.check(bare, words).score;
  return bare === password ? without : Math.min(without, zxcvbn.check(password, words).score);
}

parentPort?.on('message', ({ password, words }: { password: string; words: string[] }) => {
  parentPort?.postMessage(score(password, words));
});
parentPort?.postMessage('ready');
