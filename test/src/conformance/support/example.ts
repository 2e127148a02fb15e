import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';

const AT = '2024-02-29T12:34:56.789Z';
const LASTS = '90.500s';
const LARGE = '9007199254740993';

/**
 * A message with a value in every field, as JSON. Of a oneof it has the member that `variant`
 * says, so that all of them have their turn.
 */
export function exampleOf(type: DescMessage, variant: number): JsonObject {
  const entries = type.members.map((member) => {
    if (member.kind === 'field') return [member.name, exampleValue(member, variant)] as const;
    const field = member.fields[variant % member.fields.length];
    if (!field) throw new Error(`a oneof without members: ${member.name}`);
    return [field.name, exampleValue(field, variant)] as const;
  });
  return Object.fromEntries(entries);
}

function exampleValue(field: DescField, variant: number): JsonValue {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarOf(field.name, field.scalar);
    case 'enum':
      return field.enum.values[variant + 1]?.name ?? field.enum.values[1]?.name ?? '';
    case 'message':
      return messageOf(field.message, variant);
    case 'list':
      return [0, 1].map((at) => itemOf(field, variant + at, at));
    case 'map':
      return { one: 'first', two: '' };
  }
}

function itemOf(
  { name, message, scalar }: Extract<DescField, { fieldKind: 'list' }>,
  variant: number,
  at: number,
): JsonValue {
  if (message) return messageOf(message, variant);
  if (scalar !== undefined) return scalarOf(`${name} ${at}`, scalar);
  // An enum: its first value that is sent.
  return 1;
}

function messageOf(type: DescMessage, variant: number): JsonValue {
  if (type.typeName === 'google.protobuf.Timestamp') return AT;
  if (type.typeName === 'google.protobuf.Duration') return LASTS;
  return exampleOf(type, variant);
}

function scalarOf(name: string, scalar: ScalarType): JsonValue {
  switch (scalar) {
    case ScalarType.STRING:
      return `${name} ✓`;
    case ScalarType.BYTES:
      return Buffer.from(`${name}\0\xff`, 'latin1').toString('base64');
    case ScalarType.BOOL:
      return true;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return -0.125;
    case ScalarType.INT32:
      return -42;
    case ScalarType.UINT32:
      return 4_000_000_000;
    default:
      return LARGE;
  }
}
