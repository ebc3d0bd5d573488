import { afterAll, describe, expect, it } from 'vitest';
import { newPasswordFault } from '../src/domain/people/password-rule.ts';
import { createStrengthMeter } from '../src/domain/people/password-strength.ts';

const meter = createStrengthMeter();
afterAll(() => meter.stop());

const words = [
  'Zoé Le Guellec',
  'zoe',
  'zoe.leguellec@jardins.example',
  'Les Jardins d’Olt',
  'olt',
];
const fault = (password: string, secondFactor = false) =>
  newPasswordFault(meter, password, { words, secondFactor });

describe('a new password', () => {
  it.each([
    'le chat dort sur la table',
    'correct horse battery staple',
    'sept-oignons-et-une-brouette',
    'كلمة سر طويلة بما يكفي لنا',
    'k3m9-xw2q-7hfr-pdzt-6nvb',
    '!%&/()=?+*#~<>|',
  ])('%j is taken: length counts, what it is made of does not', async (password) => {
    expect(await fault(password)).toBeUndefined();
  });

  it.each([
    ['', 'missing'],
    ['quatorze-signe', 'too-short'],
    ['é'.normalize('NFD').repeat(10), 'too-short'],
    ['azertyuiopqsdfgh', 'guessable'],
    ['motdepassemotdepasse', 'guessable'],
    ['aaaaaaaaaaaaaaaaaaaa', 'guessable'],
    ['password123456789', 'guessable'],
    ['12345678901234567890', 'guessable'],
    ['password password', 'guessable'],
    ['bonjour, bonjour !', 'guessable'],
    ['p-a-s-s-w-o-r-d-1-2-3', 'guessable'],
    ['ZoéLeGuellec2026', 'names'],
    ['leguellec jardins olt', 'names'],
    ['x'.repeat(1025), 'too-long'],
  ])('%j is refused: %s', async (password, expected) => {
    expect(await fault(password)).toBe(expected);
  });

  it('may be shorter where a second factor stands behind it', async () => {
    expect(await fault('vx7kq2mhbt', true)).toBeUndefined();
    expect(await fault('tg7-voi', true)).toBe('too-short-with-factor');
    expect(await fault('azerty12', true)).toBe('guessable');
  });

  it('is weighed beside the event loop, however long that takes', async () => {
    const noise = Array.from({ length: 40 }, (_, i) => String.fromCharCode(33 + ((i * 37) % 90)));
    await fault('le chat dort sur la table');
    let turns = 0;
    const counting = setInterval(() => {
      turns += 1;
    }, 1);
    expect(await fault(noise.join(''))).toBeUndefined();
    clearInterval(counting);
    expect(turns).toBeGreaterThan(20);
  });
});
