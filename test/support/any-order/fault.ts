/** A rule of docs/reference that does not hold. */
export interface Fault {
  readonly rule:
    | 'twice'
    | 'misplaced'
    | 'unserved'
    | 'unfit'
    | 'half'
    | 'moved'
    | 'overtaken'
    | 'unturned'
    | 'restless'
    | 'touched'
    | 'rewritten'
    | 'untold';
  readonly text: string;
}
