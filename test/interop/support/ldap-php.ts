import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What PHP is to do on its connection, one after the other. */
export type Step =
  | { bind: string; password: string }
  | {
      base: string;
      filter: string;
      attributes: string[];
      /** Of the entry at `base` alone. */
      read?: boolean;
      pageSize?: number;
      sizeLimit?: number;
    };

export type StepOutcome = {
  code: number;
  /** With names in lower case, as PHP gives them. */
  entries: { dn: string; attributes: Record<string, string[]> }[];
  pages: number;
};

const SCRIPT = fileURLToPath(new URL('./ldap-session.php', import.meta.url));

/** Lets PHP's LDAP extension (Debian: php-cli and php-ldap) take the steps on one connection. */
export async function runPhp(port: number, steps: Step[]): Promise<StepOutcome[]> {
  return await new Promise((resolve, reject) => {
    const child = execFile('php', [SCRIPT], { timeout: 20_000 }, (error, out, err) => {
      if (error === null) resolve(JSON.parse(out));
      else {
        const said = `${err}${out}`.slice(0, 2_000);
        const hint =
          'php with its LDAP extension (Debian: php-cli, php-ldap) did not run the steps';
        reject(new Error(`${hint}: ${said}`, { cause: error }));
      }
    });
    // Should PHP not even read it, its end tells more.
    child.stdin?.on('error', () => {}).end(JSON.stringify([`ldap://127.0.0.1:${port}`, steps]));
  });
}
