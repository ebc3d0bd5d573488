import type { TotpSetup } from '../../domain/second-factors/totp-setup.ts';
import type { OthersQuestion } from '../components/other-sessions-field.ts';

type Form = { action: string; csrf: string };

/** Pages on which a second factor is set up in the middle of a sign-in. */
export type SetUpPage =
  | ({
      /** In the middle of a sign-in: the community, or the app, asks for a second factor. */
      page: 'set-up';
      service?: { name: string } | undefined;
      passkey: Form & { optionsUrl: string };
      others: OthersQuestion;
      fault?: 'code' | 'expired' | 'passkey' | undefined;
      restartUrl: string;
    } & Form &
      TotpSetup)
  | { page: 'set-up-done'; action: string; csrf: string; codes: string[]; downloadUrl: string };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    setUp: SetUpPage;
  }
}
