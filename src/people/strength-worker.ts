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
});

parentPort?.on('message', ({ password, words }: { password: string; words: string[] }) => {
  parentPort?.postMessage(zxcvbn.check(password, words).score);
});
parentPort?.postMessage('ready');
