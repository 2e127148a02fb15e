import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';

type Kind = 'scalar' | 'text' | 'enum' | 'float' | 'double' | 'message' | 'map';

/** How the bytes of one field are to be read. */
export interface FieldPlan {
  readonly name: string;
  readonly kind: Kind;
  readonly wireType: WireType;
  readonly repeated: boolean;
  /** The plan of the message, or of the entries of the map. */
  readonly child: Plan | undefined;
  readonly enumName: string;
  readonly enumValues: ReadonlySet<number>;
}

/** How the bytes of a type of message are to be read: its fields by number. */
export interface Plan {
  readonly typeName: string;
  readonly fields: Map<number, FieldPlan>;
}

const EMPTY: ReadonlySet<number> = new Set();

const VARINT = { kind: 'scalar', wireType: WireType.Varint } as const;
const FIXED32 = { kind: 'scalar', wireType: WireType.Bit32 } as const;
const FIXED64 = { kind: 'scalar', wireType: WireType.Bit64 } as const;

const SCALARS: Readonly<Record<ScalarType, Pick<FieldPlan, 'kind' | 'wireType'>>> = {
  [ScalarType.STRING]: { kind: 'text', wireType: WireType.LengthDelimited },
  [ScalarType.BYTES]: { kind: 'scalar', wireType: WireType.LengthDelimited },
  [ScalarType.FLOAT]: { kind: 'float', wireType: WireType.Bit32 },
  [ScalarType.DOUBLE]: { kind: 'double', wireType: WireType.Bit64 },
  [ScalarType.BOOL]: VARINT,
  [ScalarType.INT32]: VARINT,
  [ScalarType.INT64]: VARINT,
  [ScalarType.UINT32]: VARINT,
  [ScalarType.UINT64]: VARINT,
  [ScalarType.SINT32]: VARINT,
  [ScalarType.SINT64]: VARINT,
  [ScalarType.FIXED32]: FIXED32,
  [ScalarType.SFIXED32]: FIXED32,
  [ScalarType.FIXED64]: FIXED64,
  [ScalarType.SFIXED64]: FIXED64,
};

/** Plans the reading of a type of message. `known` holds the plans made so far, for cycles. */
export function planOf(message: DescMessage, known: Map<DescMessage, Plan>): Plan {
  const existing = known.get(message);
  if (existing) return existing;

  const plan: Plan = { typeName: message.typeName, fields: new Map() };
  known.set(message, plan);
  for (const field of message.fields) plan.fields.set(field.number, fieldPlan(field, known));
  return plan;
}

function fieldPlan(field: DescField, known: Map<DescMessage, Plan>): FieldPlan {
  const repeated = field.fieldKind === 'list' || field.fieldKind === 'map';
  if (field.fieldKind === 'map') {
    const child: Plan = { typeName: '', fields: new Map() };
    child.fields.set(1, valuePlan('key', false, { scalar: field.mapKey }, known));
    child.fields.set(2, valuePlan('value', false, field, known));
    return { ...base(field.name, repeated), kind: 'map', child };
  }
  return valuePlan(field.name, repeated, field, known);
}

interface Valued {
  readonly scalar?: ScalarType | undefined;
  readonly enum?: DescField['enum'];
  readonly message?: DescMessage | undefined;
}

function valuePlan(
  name: string,
  repeated: boolean,
  { scalar, enum: values, message }: Valued,
  known: Map<DescMessage, Plan>,
): FieldPlan {
  const common = base(name, repeated);
  if (message) return { ...common, kind: 'message', child: planOf(message, known) };
  if (values) {
    const enumValues = new Set(values.values.map((each) => each.number));
    return {
      ...common,
      kind: 'enum',
      wireType: WireType.Varint,
      enumName: values.typeName,
      enumValues,
    };
  }
  return { ...common, ...SCALARS[scalar ?? ScalarType.STRING] };
}

function base(name: string, repeated: boolean): Omit<FieldPlan, 'kind'> {
  const wireType = WireType.LengthDelimited;
  return { name, repeated, wireType, child: undefined, enumName: '', enumValues: EMPTY };
}
