import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROTO = fileURLToPath(new URL('../../../../proto', import.meta.url));
const PACKAGE = /^package ([\w.]+);/m;
const SERVICE = /^service (\w+) \{/;
const RPC = /^ {2}rpc (\w+)\(/;
const COMMENT = /^ *\/\/ ?(.*)$/;

/** The comments of all RPCs, by names such as `ramet.teams.v1.TeamService/GetTeam`. */
export function rpcComments(): ReadonlyMap<string, string> {
  const files = readdirSync(PROTO, { recursive: true }).map(String);
  const texts = files
    .filter((name) => name.endsWith('.proto'))
    .map((name) => readFileSync(join(PROTO, name), 'utf8'));
  return new Map(texts.flatMap(commentsIn));
}

function commentsIn(text: string): readonly (readonly [string, string])[] {
  const [, packageName = ''] = PACKAGE.exec(text) ?? [];
  const found: (readonly [string, string])[] = [];
  let service = '';
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const [, said] = COMMENT.exec(line) ?? [];
    const [, rpc] = RPC.exec(line) ?? [];
    service = SERVICE.exec(line)?.[1] ?? service;
    if (rpc) found.push([`${packageName}.${service}/${rpc}`, comment.join('\n')]);
    comment = said === undefined ? [] : [...comment, said];
  }
  return found;
}

/** The grpcurl line that a public RPC's comment ends with, taken apart. */
export interface GrpcurlLine {
  /** What stands for the address, such as `TEAMS`. */
  readonly server: string;
  /** Such as `ramet.teams.v1.TeamService/GetTeam`. */
  readonly path: string;
  readonly hasToken: boolean;
  /** The request as JSON, with what the names in capitals stand for. */
  body(values: Readonly<Record<string, string>>): string;
}

const LINE =
  /^grpcurl -plaintext (-H "authorization: Bearer TOKEN" )?(?:-d '([^']*)' )?([A-Z]+) (\S+)$/;
const PLACEHOLDER = /"([A-Z]+(?:_[A-Z]+)*)"/g;

/** Reads the last line of a comment. Undefined if it is no grpcurl line in the one form we use. */
export function grpcurlLineOf(comment: string): GrpcurlLine | undefined {
  const last = comment.trim().split('\n').at(-1)?.trim() ?? '';
  const [, header, body = '{}', server = '', path = ''] = LINE.exec(last) ?? [];
  if (path === '') return undefined;
  return {
    server,
    path,
    hasToken: header !== undefined,
    body(values) {
      return body.replace(PLACEHOLDER, (whole, name: string) => {
        const value = values[name];
        return value === undefined ? whole : JSON.stringify(value);
      });
    },
  };
}
