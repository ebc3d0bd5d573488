/**
 * French typography, which nobody can see in an editor: non-breaking spaces before `? ! ;` (narrow) and `:`,
 * within guillemets, and between a number and what it counts in. Texts that people wrote are set so when they
 * are shown, too; they are stored as they were typed.
 */
export function keepTogether(text: string): string {
  return text
    .replace(/ (?=[?!;])/g, '\u202f')
    .replace(/ (?=[:»])/g, '\u00a0')
    .replace(/« /g, '«\u00a0')
    .replace(/(?<=\d) (?=[%€])/g, '\u00a0');
}

/** Elements that hold plain text and no others. */
const PLAIN = /^<(textarea|option|title|script|style)\b/i;

/**
 * "E-mail" is one word: no line of a page ends at its hyphen. The word itself stays as it is typed, so that it is
 * found and read as ever.
 * @param html as our views make it: what stands in it is escaped
 * @param attribute what keeps an element in one line where the html is shown
 */
export function keepWordsTogether(html: string, attribute = 'class="word"'): string {
  let isPlain = false;
  return html
    .split(/(<[^>]*>)/)
    .map((part) => {
      if (part.startsWith('<')) {
        if (PLAIN.test(part)) isPlain = true;
        else if (PLAIN.test(part.replace('</', '<'))) isPlain = false;
        return part;
      }
      return isPlain ? part : part.replace(/\be-mails?\b/gi, `<span ${attribute}>$&</span>`);
    })
    .join('');
}

/**
 * The same of plain text, which knows no elements: by the hyphen that no line ends at (U+2011). A part of an
 * address is no word.
 */
export function keepPlainWordsTogether(text: string): string {
  return text.replace(/(?<![^\s«“"’'(])(e)-(mails?)(?![\w@/=-]|[.:]\w)/gi, '$1\u2011$2');
}
