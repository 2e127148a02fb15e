/** What a workload is made of, for the runtime that can run it. */
export type Program = BundledProgram | Image;

/** A program for the `process` runtime. */
export interface BundledProgram {
  readonly kind: 'process';
  /** The name of the folder that it runs in a copy of. */
  readonly bundle: string;
  /** Which release of the bundle. Absent: the one without a tag. */
  readonly tag?: string;
  readonly command: readonly string[];
}

/** A container image, for runtimes that run images. */
export interface Image {
  readonly kind: 'image';
  readonly repository: string;
  /** Absent: `latest`, unless there is a digest. */
  readonly tag?: string;
  /** Absent: whatever the tag names. */
  readonly digest?: string;
  /** What takes the place of the image's entry point. Empty: it stays. */
  readonly command: readonly string[];
}

/** A program that clones run, and how often it was set. */
export interface Source {
  readonly program: Program;
  readonly revision: number;
}

/** What the personal clones of one user run. */
export interface PersonalSource {
  readonly userId: string;
  readonly source: Source;
}

/** The source after a program was set. The same program again changes nothing. */
export function setProgram(source: Source | null | undefined, program: Program): Source {
  if (source && isSame(source.program, program)) return source;
  return { program, revision: (source?.revision ?? 0) + 1 };
}

/** How much room a program takes, in characters. */
export function sizeOf(program: Program): number {
  return textsOf(program).reduce((size, text) => size + text.length, 0);
}

function isSame(one: Program, other: Program): boolean {
  const [texts, others] = [textsOf(one), textsOf(other)];
  return (
    one.kind === other.kind &&
    texts.length === others.length &&
    texts.every((text, place) => text === others[place])
  );
}

/** All that a program consists of; of one kind each text has its place. */
function textsOf(program: Program): readonly string[] {
  const { tag = '', command } = program;
  return program.kind === 'process'
    ? [program.bundle, tag, ...command]
    : [program.repository, tag, program.digest ?? '', ...command];
}
