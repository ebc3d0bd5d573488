// Made once: making one takes longer than reading a name with it.
const SEGMENTER = new Intl.Segmenter();

/** Characters as readers count them: a flag or a family is one (Unicode UAX 29). */
export function graphemes(text: string): string[] {
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment);
}
