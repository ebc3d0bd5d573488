import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('no file keeps what may change for the whole process', () => {
  const changing = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /^(export )?(let|var) /m.test(readFileSync(`src/${file}`, 'utf8')));
  expect(changing).toEqual([]);
});
