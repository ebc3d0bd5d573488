/** Marks in a row that no writing system needs (UAX #15 §13). */
const MARKS_IN_A_ROW = /[\p{M}\uff9e\uff9f]{30}/gu;
/** Up to here even the worst text is quick. */
const SHORT = 200;
const GRAPHEME_JOINER = '\u034f';

/**
 * A text's normal form, in a time that grows with its length. `normalize` alone orders marks that follow each
 * other one by one: half a megabyte of them stops a process for two minutes. Of a long text, rows of marks
 * are parted first (the Stream-Safe Text Process, UAX #15 §13.1).
 */
export function normalForm(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  if (text.length <= SHORT) return text.normalize(form);
  return text.replaceAll(MARKS_IN_A_ROW, `$&${GRAPHEME_JOINER}`).normalize(form);
}
