/**
 * French typography, which nobody can see in an editor: non-breaking spaces before `? ! ;` (narrow) and `:`,
 * within guillemets, and between a number and what it counts in. Texts that people wrote are set so when they
 * are shown, too; they are stored as they were typed.
 */
export function keepTogether(text: string): string {
  return keepWordsTogether(text)
    .replace(/ (?=[?!;])/g, '\u202f')
    .replace(/ (?=[:»])/g, '\u00a0')
    .replace(/« /g, '«\u00a0')
    .replace(/(?<=\d) (?=[%€])/g, '\u00a0');
}

/** "E-mail" is one word: a line must not end at its hyphen. */
export function keepWordsTogether(text: string): string {
  return text.replace(/\b(e)-(?=mails?\b)/gi, '$1\u2011');
}
