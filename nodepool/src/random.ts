/** A draw from [0, 1), handed in so that a test can choose it. */
export type Random = () => number;
