/** What the demo reads of the example network, beside what `apply` does with it. */
export type NetworkFile = {
  operators: { email: string; password: string }[];
  communities: {
    slug: string;
    name: string;
    branding?: { accent?: string };
    ldap?: { base?: string };
    members?: { username: string; name: string; password?: string; role?: string }[];
    services?: {
      slug: string;
      name: string;
      client?: { id: string; secret: string; redirectUris: string[]; scopes?: string[] };
      ldap?: { password: string };
    }[];
  }[];
};

export type DemoApp = { name: string; url: string; community: string; env: Record<string, string> };
