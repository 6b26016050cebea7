/** One fault of one field, worded as apimachinery's field package words it. */
export interface FieldError {
  reason: string;
  field: string;
  /** what stands behind the path, e.g. `Invalid value: "x": must be …` */
  message: string;
}

function fault(reason: string, field: string, head: string, detail: string): FieldError {
  return { reason, field, message: detail === '' ? head : `${head}: ${detail}` };
}

export function required(field: string, detail = ''): FieldError {
  return fault('FieldValueRequired', field, 'Required value', detail);
}

export function forbidden(field: string, detail: string): FieldError {
  return fault('FieldValueForbidden', field, 'Forbidden', detail);
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return fault('FieldValueInvalid', field, `Invalid value: ${JSON.stringify(value) ?? 'null'}`, detail);
}

export function duplicate(field: string, value: unknown): FieldError {
  return fault('FieldValueDuplicate', field, `Duplicate value: ${JSON.stringify(value)}`, '');
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const names = supported.map((s) => JSON.stringify(s)).join(', ');
  return fault(
    'FieldValueNotSupported',
    field,
    `Unsupported value: ${JSON.stringify(value)}`,
    `supported values: ${names}`,
  );
}

export function immutable(field: string, value: unknown): FieldError {
  return invalid(field, value, 'field is immutable');
}
