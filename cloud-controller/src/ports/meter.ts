/** What reconciling tells whoever measures it. */
export interface Meter {
  /** Addresses written into a status. */
  allocated(count: number): void;
  /** Addresses taken out of one. */
  released(count: number): void;
  /** Addresses exchanged because their site refused them. */
  moved(count: number): void;
}
