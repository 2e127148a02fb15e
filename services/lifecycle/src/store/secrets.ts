import type { Database, Queries } from '@ramet/database';
import { type AskedInput, keptInput } from '../domain/inputs.js';
import type { AskedChange, OverrideChange } from '../domain/overrides.js';
import type { Input } from '../domain/spec.js';
import { sizeOf } from '../domain/text.js';
import type { Digester } from '../sealing/digester.js';
import type { Sealer } from '../sealing/sealer.js';

/** A value that is to be sealed, and the name that it is kept by. */
export interface NamedSecret {
  readonly digest: string;
  readonly value: string;
}

/** A value that is sealed already, as hexadecimal digits. */
export interface SealedSecret {
  readonly digest: string;
  readonly sealed: string;
}

/** What is left of something once its secrets are named, and these secrets. */
export interface Named<Kept> {
  readonly kept: readonly Kept[];
  readonly secrets: readonly NamedSecret[];
}

interface SecretsOptions {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly digest: Digester;
}

/** Secret values, sealed, in Postgres: each belongs to a subject and is named by its digest. */
export class Secrets {
  readonly #options: SecretsOptions;

  constructor(options: SecretsOptions) {
    this.#options = options;
  }

  /** What names a value of a subject, used as something, such as `['APP', 'TOKEN']`. */
  digestOf(subject: string, use: readonly string[], value: string): string {
    return this.#options.digest([subject, ...use], value);
  }

  /** Changes of a layer without the secrets that they set, and these. Nothing is stored yet. */
  nameChanges(subject: string, asked: readonly AskedChange[]): Named<OverrideChange> {
    const secrets: NamedSecret[] = [];
    const kept = asked.map((change): OverrideChange => {
      if (change.kind !== 'secret') return change;
      const { value, ...named } = change;
      const digest = this.digestOf(subject, [change.scope, change.name], value);
      secrets.push({ digest, value });
      return { ...named, digest, bytes: sizeOf(value) };
    });
    return { kept, secrets };
  }

  /** Inputs as they may be shown, and their whole addresses. Nothing is stored yet. */
  nameInputs(subject: string, asked: readonly AskedInput[]): Named<Input> {
    const secrets: NamedSecret[] = [];
    const kept = asked.map((input): Input => {
      const { name, source } = input;
      if (source.kind !== 'url') return keptInput(input, '');
      const digest = this.digestOf(subject, ['INPUT', name], source.url);
      secrets.push({ digest, value: source.url });
      return keptInput(input, digest);
    });
    return { kept, secrets };
  }

  /** A request as it is told from another one of its caller. Keyed, since it may carry secrets. */
  fingerprint(caller: string, bytes: Uint8Array): Buffer {
    const text = Buffer.from(bytes).toString('base64');
    return Buffer.from(this.digestOf(caller, ['REQUEST'], text), 'hex');
  }

  /** Values sealed for a subject, to be stored with a change of it. */
  sealedFor(subject: string, secrets: readonly NamedSecret[]): readonly SealedSecret[] {
    return secrets.map(({ digest, value }) => {
      const { sealed } = this.#sealed(subject, { digest, plain: Buffer.from(value) });
      return { digest, sealed: sealed.toString('hex') };
    });
  }

  /** Values of a subject sealed for another one, to be stored with a change of that. */
  async sealedCopy(
    { from, to }: { readonly from: string; readonly to: string },
    digests: readonly string[],
  ): Promise<readonly SealedSecret[]> {
    if (digests.length === 0) return [];
    const opened = await this.open(from, digests);
    return [...opened].map(([digest, plain]) => {
      return { digest, sealed: this.#sealed(to, { digest, plain }).sealed.toString('hex') };
    });
  }

  /** Seals values for a subject. Those that it has already stay as they are. */
  async seal(tx: Queries, subject: string, secrets: readonly NamedSecret[]): Promise<void> {
    const plain = secrets.map(({ digest, value }) => ({ digest, plain: Buffer.from(value) }));
    await this.#insert(tx, subject, plain);
  }

  /**
   * Opens values of a subject, for the caller to zero. Throws if one is not there: whoever holds a
   * digest has had its value sealed before.
   */
  async open(
    subject: string,
    digests: readonly string[],
    db: Queries = this.#options.db,
  ): Promise<ReadonlyMap<string, Buffer>> {
    const opened = await this.#openAll(db, OPEN, [subject, [...new Set(digests)]]);
    for (const digest of digests) {
      if (!opened.has(digest))
        throw new Error(`${subject} has no secret of this digest: ${digest}`);
    }
    return opened;
  }

  /** Gives a subject values of another, under the same digests: the layer of an owner to a clone. */
  async copy(
    tx: Queries,
    { from, to }: { readonly from: string; readonly to: string },
    digests: readonly string[],
  ): Promise<void> {
    const opened = await this.open(from, digests, tx);
    const plain = [...opened].map(([digest, value]) => ({ digest, plain: value }));
    await this.#insert(tx, to, plain);
  }

  /** Removes what a subject has besides these. */
  async keepOnly(tx: Queries, subject: string, digests: readonly string[]): Promise<void> {
    await tx.query('delete from secret where subject = $1 and digest <> all ($2)', [
      subject,
      digests,
    ]);
  }

  /** Removes all that a subject has. */
  async removeAll(tx: Queries, subject: string): Promise<void> {
    await tx.query('delete from secret where subject = $1', [subject]);
  }

  /** Seals all that a subject has with the key that seals now. Returns how many there are. */
  async reseal(subject: string): Promise<number> {
    return this.#options.db.transaction(async (tx) => {
      const opened = await this.#openAll(tx, `${ALL} for update`, [subject]);
      const rows = [...opened].map(([digest, plain]) => this.#sealed(subject, { digest, plain }));
      await tx.query(RESEAL, [
        subject,
        rows.map(({ digest }) => digest),
        rows.map(({ sealed }) => sealed),
      ]);
      return rows.length;
    });
  }

  async #openAll(
    db: Queries,
    sql: string,
    params: readonly [subject: string, ...rest: unknown[]],
  ): Promise<Map<string, Buffer>> {
    const rows = await db.query<SecretRow>(sql, params);
    const [subject] = params;
    return new Map(
      rows.map(({ digest, sealed }) => {
        return [digest, this.#options.sealer.open(sealed, placeOf(subject, digest))];
      }),
    );
  }

  async #insert(tx: Queries, subject: string, all: readonly Plain[]): Promise<void> {
    if (all.length === 0) return;
    const rows = all.map((secret) => this.#sealed(subject, secret));
    await tx.query(INSERT, [
      subject,
      rows.map(({ digest }) => digest),
      rows.map(({ sealed }) => sealed),
    ]);
  }

  #sealed(subject: string, { digest, plain }: Plain): SecretRow {
    const sealed = this.#options.sealer.seal(plain, placeOf(subject, digest));
    plain.fill(0);
    return { digest, sealed };
  }
}

interface Plain {
  readonly digest: string;
  readonly plain: Buffer;
}

interface SecretRow {
  readonly digest: string;
  readonly sealed: Buffer;
}

/** What a sealed value opens for alone. */
function placeOf(subject: string, digest: string): string {
  return `secret ${subject} ${digest}`;
}

const ALL = 'select digest, sealed from secret where subject = $1';

const OPEN = `${ALL} and digest = any ($2)`;

const INSERT = `
  insert into secret (subject, digest, sealed)
  select $1, n.digest, n.sealed
  from unnest($2::text[], $3::bytea[]) as n (digest, sealed)
  order by n.digest
  on conflict do nothing`;

const RESEAL = `
  update secret as s set sealed = n.sealed
  from unnest($2::text[], $3::bytea[]) as n (digest, sealed)
  where s.subject = $1 and s.digest = n.digest`;
