import { tidyName } from '../../../../src/domain/memberships/display-name.ts';

/** The directory that both servers hold, as a person would write it down: neither server's output. */
export type SourcePerson = {
  username: string;
  name: string;
  givenName?: string;
  familyName?: string;
  email?: string;
  locale?: 'fr' | 'en';
  status?: 'suspended';
  groups: string[];
};
export type SourceGroup = { name: string; description?: string; groups?: string[] };

export const BASE = 'o=La Myne,dc=example';
export const COMMUNITY_NAME = 'La MYNE, « le lieu »';
export const READER = `cn=cloud,ou=services,${BASE}`;
export const READER_SECRET = 'the secret of the reader, long enough';
export const SERVICE = { slug: 'cloud', name: 'Nuage & Cie', description: 'Les fichiers de tous' };
export const PRIMARY_GROUP = 'membres';
export const HOME = '/home/{username}';
export const SHELL = '/bin/bash';

export const GROUPS: SourceGroup[] = [
  { name: PRIMARY_GROUP, description: 'Tout le monde' },
  { name: 'bureau', description: 'Décide  entre deux AG' },
  { name: 'Atelier, bois & métal', description: 'Copeaux + limaille' },
  { name: 'C++' },
  { name: '"guillemets"', description: '"oui"' },
  { name: '#croisillon' },
  { name: 'espace dedans' },
  { name: 'a=b;c' },
  { name: 'contre\\oblique' },
  { name: '<chevrons>' },
  { name: 'é' },
  { name: 'ÉQUIPE Été' },
  { name: '🌍 monde' },
  { name: 'x' },
  { name: 'Étoile*star' },
  { name: 'tous (ou presque)', groups: ['bureau', 'C++', '🌍 monde'] },
  { name: 'cercle', groups: ['tous (ou presque)', 'Atelier, bois & métal'], description: 'cercle' },
  { name: 'grand cercle', groups: ['cercle'] },
  // Without direct members: only groups are in it.
  { name: 'coquille', groups: ['x', 'vide'] },
  // Nobody who can be seen: neither is shown.
  { name: 'vide' },
  { name: 'vide aussi', groups: ['vide'] },
  { name: 'dormants' },
];

const named = (
  username: string,
  name: string,
  groups: string[] = [],
  more: Partial<SourcePerson> = {},
): SourcePerson => ({
  username,
  name: tidyName(name),
  groups: [PRIMARY_GROUP, ...groups],
  ...more,
});

const UNUSUAL: SourcePerson[] = [
  named('a', 'A', ['x', 'é']),
  named('Z9', 'Z', ['x'], { givenName: 'Z', familyName: 'z' }),
  named('élodie', 'Élodie Éluard', ['bureau', 'ÉQUIPE Été'], {
    givenName: 'Élodie',
    familyName: 'Éluard',
    email: 'elodie@lamyne.example',
    locale: 'fr',
  }),
  named('ÉMILE', 'ÉMILE ZOLA', ['ÉQUIPE Été'], { email: 'Emile.Zola@LaMyne.example' }),
  named('émilie', 'e\u0301milie du Cha\u0302telet', ['é'], { familyName: 'du Châtelet' }),
  named('jean-pierre', 'Jean-Pierre, dit « JP »', ['Atelier, bois & métal', 'C++']),
  named('o.k_2', 'Oscar "Le Chat" O\'Neil', ['"guillemets"'], { email: 'ok+lists@lamyne.example' }),
  named('straße', 'Groß Straße', ['#croisillon'], { familyName: 'Straße' }),
  named('王小明', '王小明', ['🌍 monde'], { givenName: '小明', familyName: '王' }),
  named('ﬁnn', 'ﬁnn ﬂag', ['🌍 monde']),
  named('ñandú', 'Ñandú Deux Espaces', ['espace dedans']),
  named('emoji', '👩‍🚀 Zoé 🚀', ['🌍 monde', 'a=b;c'], { givenName: '👩‍🚀' }),
  named('devant', 'Deux espaces', ['x']),
  named('derriere', 'Deux Espaces', ['x']),
  named('signes', '*()\\ = <b>&amp;</b> #;,+"', ['contre\\oblique', '<chevrons>']),
  named('virgule', 'Martin, Alice', ['a=b;c', 'C++'], { familyName: 'Martin,' }),
  named('Alice', 'Alice Martin', ['bureau', 'Étoile*star'], {
    givenName: 'Alice',
    familyName: 'Martin',
    email: 'alice@lamyne.example',
    locale: 'en',
  }),
  named('alice2', 'ALICE MARTIN', ['tous (ou presque)'], { givenName: 'ALICE' }),
  named('alice.martin', 'alice  martin', ['cercle'], { email: 'ALICE.MARTIN@lamyne.example' }),
  named('odysseas', 'ΟΔΥΣΣΕΥΣ Ελύτης', ['x'], { familyName: 'Ελύτης' }),
  named('ipek', 'İpek Işık', ['x'], { givenName: 'İpek', familyName: 'Işık' }),
  named('nbsp', 'Anne\u00a0Marie', []),
  named('cesure', 'Marie\u00adLou \u200bde\u200d La\u2028Tour', []),
  named('dormeur', 'Dormeur du Val', ['dormants', 'x'], { status: 'suspended' }),
  named('dormeuse', 'Dormeuse', ['bureau'], { status: 'suspended' }),
];

const GIVEN = ['Inès', 'Bruno', 'Chloé', 'Driss', 'Noël', 'Ana'];
const FAMILY = ['Martin', 'Nguyễn', 'Le Goff', 'Diallo', 'Garçon', 'Øst', 'martin'];

/** Some whose names are much alike. */
const USUAL: SourcePerson[] = Array.from({ length: 40 }, (_, index) => {
  const givenName = GIVEN[index % GIVEN.length] as string;
  const familyName = FAMILY[index % FAMILY.length] as string;
  const username = `membre${index + 1}`;
  return named(
    username,
    `${givenName} ${familyName}`,
    ['bureau', 'C++', 'x', 'cercle'].filter((_, at) => (index + 1) % (at + 3) === 0),
    {
      ...(index % 4 === 0 ? {} : { givenName, familyName }),
      ...(index % 5 === 0 ? {} : { email: `${username}@lamyne.example` }),
      ...(index % 3 === 0 ? { locale: 'fr' as const } : {}),
    },
  );
});

export const PEOPLE: SourcePerson[] = [...UNUSUAL, ...USUAL];

/** The same as a declarative file; JSON is YAML. */
export function declarativeFile(): string {
  return JSON.stringify({
    version: 1,
    communities: [
      {
        slug: 'lamyne',
        name: COMMUNITY_NAME,
        ldap: {
          base: BASE,
          posix: {
            firstNumber: 10_000,
            count: 1_000,
            primaryGroup: PRIMARY_GROUP,
            home: HOME,
            shell: SHELL,
          },
        },
        groups: GROUPS,
        members: PEOPLE,
        services: [{ ...SERVICE, recipe: 'generic-oidc', ldap: { password: READER_SECRET } }],
      },
    ],
  });
}
