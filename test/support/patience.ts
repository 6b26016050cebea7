/** How many times longer than on this machine itself things may take: an emulated kernel says so. */
export const PATIENCE = Number(process.env.TEST_PATIENCE ?? 1);
