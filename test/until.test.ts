import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUntil, untilFault, writeUntil } from '../src/domain/ends/until.ts';

describe('an end as people write it', () => {
  it.each([
    ['2027-06-30', '2027-06-30T22:00:00.000Z'],
    ['2027-12-31', '2027-12-31T23:00:00.000Z'],
    // The clocks change in the night before, and in the night after.
    ['2027-03-27', '2027-03-27T23:00:00.000Z'],
    ['2027-03-28', '2027-03-28T22:00:00.000Z'],
    ['2027-10-30', '2027-10-30T22:00:00.000Z'],
    ['2027-10-31', '2027-10-31T23:00:00.000Z'],
    ['2028-02-29', '2028-02-29T23:00:00.000Z'],
    ['2027-06-30T18:00:00+02:00', '2027-06-30T16:00:00.000Z'],
    ['2027-06-30T18:00Z', '2027-06-30T18:00:00.000Z'],
  ])('%s ends at %s', (text, at) => {
    expect(untilFault(text)).toBeUndefined();
    expect(readUntil(text).toISOString()).toBe(at);
  });

  it.each([
    '2027-06-31',
    '2027-02-29',
    '2027-13-01',
    '2027-00-10',
    '30/06/2027',
    '2027-06-30T18:00',
    '2027-06-30T25:00Z',
    '20270630',
    '+012027-06-30',
    'soon',
    '',
  ])('"%s" is none', (text) => {
    expect(untilFault(text)).toMatch(/^must be a day/);
  });

  it('is written as it is read, and a day as a day', () => {
    expect(writeUntil(readUntil('2027-06-30'))).toBe('2027-06-30');
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1990-01-01'), max: new Date('2190-01-01'), noInvalidDate: true }),
        (at) => {
          expect(+readUntil(writeUntil(at))).toBe(+at);
          const day = at.toISOString().slice(0, 10);
          expect(writeUntil(readUntil(day))).toBe(day);
        },
      ),
    );
  });
});
