/** The people and groups that both servers of the benchmark hold: the same for the same seed. */
export type Population = { people: BenchPerson[]; groups: BenchGroup[] };
export type BenchPerson = {
  uuid: string;
  uid: string;
  givenName: string;
  sn: string;
  mail: string;
  /** Indexes of the groups that they are in. */
  groups: number[];
};
export type BenchGroup = {
  uuid: string;
  name: string;
  /** Indexes of people. */
  members: number[];
};

export const BASE = 'o=bench';
export const READER = `cn=cloud,ou=services,${BASE}`;
export const READER_SECRET = 'the secret of the bench reader';
export const PERSON_SECRET = 'correct horse battery staple';
export const GROUP_SIZE = 100;
/** Groups that each person is in. */
export const GROUPS_EACH = 3;

const GIVEN = ['Alice', 'Zoé', 'Bruno', 'Chloé', 'Driss', 'Élodie', 'François', 'Inès', 'Ömer'];
const FAMILY = ['Martin', 'Bernard', 'Éluard', 'Nguyễn', 'Garçon', 'Le Goff', 'Diallo', 'Müller'];

/** @param count of people; a multiple of the groups' size */
export function makePopulation(count: number): Population {
  const random = seeded(0x5eed);
  const people = Array.from({ length: count }, (_, index): BenchPerson => {
    const uid = `membre${index + 1}`;
    return {
      uuid: uuid(random),
      uid,
      givenName: pick(GIVEN, random),
      sn: `${pick(FAMILY, random)} ${index + 1}`,
      mail: `${uid}@bench.example`,
      groups: [],
    };
  });
  const groups: BenchGroup[] = [];
  for (let round = 0; round < GROUPS_EACH; round += 1) {
    const order = shuffled(count, random);
    for (let first = 0; first < count; first += GROUP_SIZE) {
      const members = order.slice(first, first + GROUP_SIZE);
      for (const member of members) people[member]?.groups.push(groups.length);
      groups.push({ uuid: uuid(random), name: `groupe ${groups.length + 1}`, members });
    }
  }
  return { people, groups };
}

export const personDn = ({ uid }: BenchPerson): string => `uid=${uid},ou=people,${BASE}`;
export const groupDn = ({ name }: BenchGroup): string => `cn=${name},ou=groups,${BASE}`;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers below `count` in a random order (Fisher and Yates). */
export function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
