/** What a workload is made of: a program for the `process` runtime. */
export interface Program {
  readonly kind: 'process';
  /** The name of the folder that it runs in a copy of. */
  readonly bundle: string;
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
export function sizeOf({ bundle, command }: Program): number {
  return command.reduce((size, argument) => size + argument.length, bundle.length);
}

function isSame(one: Program, other: Program): boolean {
  const isEqual = (argument: string, place: number): boolean => argument === other.command[place];
  return (
    one.bundle === other.bundle &&
    one.command.length === other.command.length &&
    one.command.every(isEqual)
  );
}
