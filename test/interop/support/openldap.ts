import { execFile } from 'node:child_process';

export type Outcome = { code: number; out: string; err: string };

/** Runs one of OpenLDAP's tools (Debian: ldap-utils) to its end. */
export function runTool(
  tool: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // No file of the machine's or of its user's has a say.
    const nothing = { HOME: '/nonexistent', LDAPCONF: '/dev/null' };
    const own = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...nothing, ...env };
    const options = { env: own, timeout: 20_000, maxBuffer: 64e6 };
    execFile(tool, args, options, (error, out, err) => {
      if (error !== null && typeof error.code !== 'number') {
        reject(
          new Error(`${tool} cannot be run; docs/interop.md says what to install`, {
            cause: error,
          }),
        );
      } else resolve({ code: Number(error?.code ?? 0), out, err });
    });
  });
}

/** Values of one attribute in LDIF that was printed unwrapped (`-o ldif-wrap=no`), decoded where it is Base64. */
export function valuesIn(ldif: string, attribute: string): string[] {
  return ldif.split('\n').flatMap((line) => {
    const match = /^([^:]+)(::?) ?(.*)$/.exec(line);
    if (match?.[1] !== attribute) return [];
    const text = match[3] as string;
    return [match[2] === '::' ? Buffer.from(text, 'base64').toString() : text];
  });
}
