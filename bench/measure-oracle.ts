import { randomInt } from 'node:crypto';
import { compareSamples } from './compare-samples.ts';
import { type Answer, FormVisitor } from './form-visitor.ts';
import { makeHubTarget } from './hub-target.ts';
import { quantile } from './stats.ts';

/** The forms that must not tell whether somebody is known, and what is sent with each. */
const FORMS = [
  { what: 'sign-in, by name', page: '/login', form: '#login-form', by: 'name' },
  { what: 'sign-in, by address', page: '/login', form: '#login-form', by: 'address' },
  { what: 'recovery, by name', page: '/recover', form: '#recover-form', by: 'name' },
  { what: 'recovery, by address', page: '/recover', form: '#recover-form', by: 'address' },
  { what: 'registration', page: '/register', form: '#register-form', by: 'address' },
] as const;

const HOST = 'lieu-1.example';

/** Attempts before the counted ones, which warm the process up. */
const WARM_UP = 60;

/** Of two samples without a difference, one comparison in a thousand says that there is one. */
const SIGNIFICANT = 0.001;

/** Hashes as an import brings them: next to nothing to check, and dear. */
const IMPORTED = [
  '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYWx0',
  '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
];

/**
 * Whether answers tell known from unknown accounts, by words or time: so many attempts each, one after the
 * other in random order, at one process; each with a name of its own from an address of its own, so that
 * nothing is throttled and the code runs as it always does.
 */
export async function measureOracle({ attempts }: { attempts: number }) {
  console.log('\nKnown and unknown accounts, times in milliseconds:');
  const plain = await measureHub(FORMS, attempts);
  // Every refusal waits there, so there are fewer.
  const imported = await measureHub(
    [{ ...FORMS[0], what: 'sign-in, by name, where accounts were imported' }],
    Math.ceil(attempts / 5),
    IMPORTED,
  );
  return [...plain, ...imported];
}

type Form = { what: string; page: string; form: string; by: 'name' | 'address' };

async function measureHub(forms: readonly Form[], attempts: number, hashes: string[] = []) {
  const hub = await makeHubTarget({
    communities: 1,
    members: attempts,
    env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, ::1/128' },
    alsoSeed: async (database) => {
      await database.query(`UPDATE communities SET registration = 'open'`);
      for (const [index, hash] of hashes.entries()) {
        await database.query(
          `UPDATE persons SET password_hash = $1 WHERE id IN (
             SELECT person_id FROM memberships WHERE right(username, 1)::int % $2 = $3)`,
          [hash, hashes.length + 1, index],
        );
      }
    },
  });
  const process = await hub.start();
  const issuer = hub.realms[0]?.issuer as string;
  const results = [];
  try {
    for (const each of forms) {
      const visitor = await FormVisitor.open(issuer + each.page, each.form);
      const result = await measureForm(visitor, each.by, attempts);
      await visitor.close();
      results.push({ what: each.what, attempts, ...result });
      console.log(describe(each.what, result));
    }
  } finally {
    await process.stop();
    await hub.remove();
  }
  return results;
}

type Result = Awaited<ReturnType<typeof measureForm>>;

async function measureForm(visitor: FormVisitor, by: 'name' | 'address', attempts: number) {
  const spell = (name: string) => (by === 'name' ? name : `${name}@${HOST}`);
  const send = async (name: string) => visitor.send(spell(name), { password: 'wrong-wrong-wrong' });
  for (let count = 1; count <= Math.min(WARM_UP, attempts / 4); count += 1)
    await send(`warmup${count}`);

  const plan = Array.from({ length: attempts }, (_, index) => index + 1).flatMap((number) => [
    { known: true, name: `membre${number}` },
    { known: false, name: `absent${number}` },
  ]);
  shuffle(plan);
  const times = { known: [] as number[], unknown: [] as number[] };
  const answers = { known: new Set<string>(), unknown: new Set<string>() };
  for (const { known, name } of plan) {
    const answer = await send(name);
    const side = known ? 'known' : 'unknown';
    times[side].push(answer.milliseconds);
    answers[side].add(withoutWhatVaries(answer, spell(name)));
  }
  const all = new Set([...answers.known, ...answers.unknown]);
  const status = [...new Set([...all].map((answer) => answer.slice(0, 3)))].join(', ');
  return {
    ...compareSamples(times.known, times.unknown),
    times,
    sameAnswers: all.size === 1,
    status,
  };
}

/** The whole answer, byte by byte, but for tokens, what was typed, and the clock. */
function withoutWhatVaries({ status, headers, text }: Answer, typed: string): string {
  // The length follows from the body, which is compared.
  const { date: _, 'content-length': __, 'set-cookie': cookies, ...others } = headers;
  const names = [cookies ?? []].flat().map((line) => line.replace(/=[^;]*/, ''));
  const body = text
    .replaceAll(/(name="csrf" value=")[^"]*/g, '$1')
    .replaceAll(typed, 'TYPED')
    .replaceAll(/(Référence|Reference)[^<]*/g, '$1');
  return `${status}\n${JSON.stringify(others)}\n${names}\n${body}`;
}

function shuffle(list: unknown[]): void {
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [list[last], list[other]] = [list[other], list[last]];
  }
}

function describe(what: string, result: Result): string {
  const { times, mannWhitney, kolmogorovSmirnov, sameAnswers, status } = result;
  const figures = (sample: number[]) =>
    [0.25, 0.5, 0.75, 0.95].map((part) => quantile(sample, part).toFixed(2)).join(' · ');
  const verdict =
    mannWhitney < SIGNIFICANT || kolmogorovSmirnov < SIGNIFICANT ? 'DIFFERENT' : 'alike';
  return [
    `  ${what}, ${times.known.length} attempts each (${status}): ${sameAnswers ? 'the same answers, byte by byte' : 'ANSWERS DIFFER'}; times ${verdict}`,
    `    known   ${figures(times.known)}   (quartiles and 95 %)`,
    `    unknown ${figures(times.unknown)}`,
    `    p = ${mannWhitney.toFixed(3)} (Mann–Whitney), ${kolmogorovSmirnov.toFixed(3)} (Kolmogorov–Smirnov)`,
  ].join('\n');
}
