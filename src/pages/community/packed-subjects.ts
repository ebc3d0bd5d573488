/** Subjects in few characters, for an address: 22 of base64url each. */
export function packSubjects(subjects: readonly string[]): string {
  return subjects
    .map((subject) => Buffer.from(subject.replaceAll('-', ''), 'hex').toString('base64url'))
    .join('');
}

/** What is no subject is left out. */
export function unpackSubjects(packed: string): string[] {
  return (packed.match(/[\w-]{22}/g) ?? []).map((part) =>
    Buffer.from(part, 'base64url')
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  );
}
