import type { OpenService } from '../../domain/services/stays-open.ts';

type Form = { action: string; csrf: string };

/** The first page of a community, and of the hub. */
export type HomePage =
  | {
      page: 'home';
      member: { displayName: string; username: string };
      services: {
        slug: string;
        name: string;
        description?: string;
        icon?: string;
        url?: string;
        host?: string;
      }[];
      requestable: {
        slug: string;
        name: string;
        description?: string;
        icon?: string;
        action: string;
        csrf: string;
        state: 'approval' | 'requested' | 'blocked';
      }[];
      /** For those who look after the community. */
      adminUrl?: string | undefined;
      notice?: 'requested' | 'recovery-refused' | undefined;
      /** Somebody asked the admins to give this account back: its owner can say that it was not them. */
      recovery?: ({ requestedBy: string } & Form) | undefined;
      /** The day from which on the community asks for a second factor that the member does not have. */
      secondFactorDue?: { date: string; url: string } | undefined;
      signOutEverywhere: Form & { open: OpenService[] };
    }
  | {
      page: 'hub-home';
      /** What somebody came to change, in the community that they choose. */
      to?: 'password' | 'passkeys' | undefined;
      communities: {
        name: string;
        slug: string;
        description?: string | undefined;
        town?: string | undefined;
        logoUrl?: string | undefined;
        url: string;
      }[];
    }
  | {
      /** For those who are not signed in. */
      page: 'front';
      description?: string | undefined;
      town?: string | undefined;
      links: { name: string; url: string }[];
      loginUrl: string;
      /** Where one may ask to join. */
      joinUrl?: string | undefined;
    };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    home: HomePage;
  }
}
