// mocha's spec reporter, then one line that a machine can read: `N passed, N failed, N skipped`.
const { Spec } = require('mocha').reporters;

module.exports = class CountingSpec extends Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
};
