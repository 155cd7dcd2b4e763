#include "tls/keys/batch_gcd.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "scanner/base/check.h"
#include "tls/keys/integer.h"
#include "tls/keys/parallel.h"

namespace mxsweep::tls {
namespace {

static_assert(GMP_NUMB_BITS == 64 && sizeof(mp_limb_t) == 8);

// Moduli whose product is at most this are a block.
constexpr uint64_t kBlockBytes = 512u << 10;
// What a step down takes, as multiples of its node: operands, results, and what GMP multiplies and
// divides large numbers with. Measured.
constexpr uint64_t kBytesPerNodeByte = 9;
// GMP counts limbs in an int.
constexpr uint64_t kMaxNodeBytes = 8ull << 30;
// Shares of the whole work, per floor and byte, a step up being 1. Measured; for the progress only.
constexpr double kDownWork = 4;
constexpr double kBlockUpWork = 4;
constexpr double kBlockDownWork = 12;

// A product of consecutive moduli. Only blocks have no children.
struct Node {
  size_t first = 0;  // modulus
  size_t count = 0;
  uint64_t offset = 0;  // in the floor's file
  uint64_t bytes = 0;
};

// Integers in a file: GMP's limbs, as they are in memory.
absl::Status WriteInteger(const Integer& integer, ScratchFile* file, Node* node) {
  node->bytes = integer.bytes();
  absl::StatusOr<uint64_t> offset = file->Append(
      {reinterpret_cast<const uint8_t*>(mpz_limbs_read(integer.get())), integer.bytes()});
  if (!offset.ok()) return offset.status();
  node->offset = *offset;
  return absl::OkStatus();
}

absl::Status ReadInteger(const ScratchFile& file, const Node& node, Integer* integer) {
  const auto limbs = static_cast<mp_size_t>(node.bytes / sizeof(mp_limb_t));
  auto* memory =
      reinterpret_cast<uint8_t*>(mpz_limbs_write(integer->get(), std::max<mp_size_t>(limbs, 1)));
  absl::Status status = file.Read(node.offset, {memory, node.bytes});
  mpz_limbs_finish(integer->get(), status.ok() ? limbs : 0);
  return status;
}

void AssignLittleEndian(std::span<const uint8_t> bytes, Integer* integer) {
  mpz_import(integer->get(), bytes.size(), -1, 1, 0, 0, bytes.data());
}

// into = into · (other mod modulus) mod modulus.
void MultiplyModulo(const Integer& other, const Integer& modulus, Integer* into) {
  Integer reduced;
  mpz_tdiv_r(reduced.get(), other.get(), modulus.get());
  if (into->is_one()) {
    *into = std::move(reduced);
    return;
  }
  mpz_mul(into->get(), into->get(), reduced.get());
  reduced = Integer();  // before the division takes its own
  mpz_tdiv_r(into->get(), into->get(), modulus.get());
}

// What stands at a child, from what stands at its parent.
Integer StepDown(const Integer& at_parent, const Integer& child, const Integer& sibling) {
  Integer at_child;
  mpz_tdiv_r(at_child.get(), at_parent.get(), child.get());
  MultiplyModulo(sibling, child, &at_child);
  return at_child;
}

// The tree over some integers, all in memory: the leaves are the first floor, the root the last.
class SmallTree {
 public:
  explicit SmallTree(std::vector<Integer> leaves) {
    floors_.push_back(std::move(leaves));
    while (floors_.back().size() > 1) {
      const std::vector<Integer>& below = floors_.back();
      std::vector<Integer> floor((below.size() + 1) / 2);
      for (size_t i = 0; i < floor.size(); ++i) {
        if (2 * i + 1 == below.size()) {
          floor[i] = below[2 * i];
        } else {
          mpz_mul(floor[i].get(), below[2 * i].get(), below[2 * i + 1].get());
        }
      }
      floors_.push_back(std::move(floor));
    }
  }

  const Integer& root() const { return floors_.back().front(); }
  const std::vector<Integer>& leaves() const { return floors_.front(); }

  // What stands at the leaves when `at_root` stands at the root.
  std::vector<Integer> Descend(Integer at_root) const {
    std::vector<Integer> above;
    above.push_back(std::move(at_root));
    for (size_t floor = floors_.size() - 1; floor-- > 0;) {
      const std::vector<Integer>& nodes = floors_[floor];
      std::vector<Integer> here(nodes.size());
      for (size_t i = 0; i < nodes.size(); ++i) {
        const size_t sibling = i ^ 1;
        here[i] = sibling < nodes.size() ? StepDown(above[i / 2], nodes[i], nodes[sibling])
                                         : above[i / 2];
      }
      above = std::move(here);
    }
    return above;
  }

 private:
  std::vector<std::vector<Integer>> floors_;
};

class Batch {
 public:
  Batch(const ModulusList& moduli, const BatchGcdOptions& options)
      : moduli_(moduli), options_(options) {}

  absl::StatusOr<std::vector<CommonDivisor>> Run(const EarlierProducts& earlier,
                                                 const KeepProduct& keep) {
    absl::Status status = BuildBlocks();
    while (status.ok() && MayGrow()) status = BuildFloor();
    if (status.ok() && keep != nullptr) status = Keep(keep);
    if (status.ok()) status = MeetAtTheRoots(earlier);
    while (status.ok() && floors_.size() > 1) status = GoDown();
    if (status.ok()) status = GoDownBlocks();
    if (!status.ok()) return status;
    Done(planned_);  // there are fewer floors than planned where memory is short
    std::ranges::sort(found_, {}, &CommonDivisor::index);
    return std::move(found_);
  }

 private:
  struct Floor {
    std::vector<Node> nodes;
    std::unique_ptr<ScratchFile> file;
  };

  absl::Status BuildBlocks() {
    Floor floor;
    uint64_t bytes = 0;
    for (size_t i = 0; i < moduli_.size(); ++i) {
      if (floor.nodes.empty() || bytes + moduli_.BytesOf(i) > kBlockBytes) {
        floor.nodes.push_back({.first = i});
        bytes = 0;
      }
      bytes += moduli_.BytesOf(i);
      all_bytes_ += moduli_.BytesOf(i);
      ++floor.nodes.back().count;
    }
    PlanWork(floor.nodes.size());
    absl::Status status = OpenFile(&floor);
    if (!status.ok()) return status;
    status = RunAll(floor.nodes.size(), 8 * kBlockBytes, [&](size_t i) -> absl::Status {
      Node& node = floor.nodes[i];
      absl::StatusOr<SmallTree> tree = ReadBlock(node);
      if (!tree.ok()) return tree.status();
      absl::Status written = WriteInteger(tree->root(), floor.file.get(), &node);
      Done(kBlockUpWork * static_cast<double>(node.bytes));
      return written;
    });
    floors_.push_back(std::move(floor));
    return status;
  }

  absl::StatusOr<SmallTree> ReadBlock(const Node& node) const {
    std::vector<uint8_t> bytes;
    absl::Status status = moduli_.Read(node.first, node.count, &bytes);
    if (!status.ok()) return status;
    std::vector<Integer> leaves(node.count);
    std::span<const uint8_t> rest = bytes;
    for (size_t i = 0; i < node.count; ++i) {
      const auto length = static_cast<size_t>(moduli_.BytesOf(node.first + i));
      leaves[i].Assign(rest.first(length));
      rest = rest.subspan(length);
    }
    return SmallTree(std::move(leaves));
  }

  // Is there a floor above that is of use, and whose nodes can be worked on in the memory that
  // there is? Two roots meet each other as they are.
  bool MayGrow() const {
    const std::vector<Node>& nodes = floors_.back().nodes;
    if (nodes.size() <= 2) return false;
    uint64_t largest = 0;
    for (size_t i = 0; i + 1 < nodes.size(); i += 2) {
      largest = std::max(largest, nodes[i].bytes + nodes[i + 1].bytes);
    }
    return largest * kBytesPerNodeByte <= options_.memory_bytes && largest <= kMaxNodeBytes;
  }

  absl::Status BuildFloor() {
    const Floor& below = floors_.back();
    Floor floor;
    floor.nodes.resize((below.nodes.size() + 1) / 2);
    absl::Status status = OpenFile(&floor);
    if (!status.ok()) return status;
    const auto bytes_of = [&](size_t i) {
      return 4 * (below.nodes[2 * i].bytes +
                  (2 * i + 1 < below.nodes.size() ? below.nodes[2 * i + 1].bytes : 0));
    };
    status = RunParallel(floor.nodes.size(), options_.threads, options_.memory_bytes, bytes_of,
                         [&](size_t i) -> absl::Status {
                           Node& node = floor.nodes[i];
                           node.first = below.nodes[2 * i].first;
                           node.count = below.nodes[2 * i].count;
                           Integer product;
                           absl::Status result =
                               ReadInteger(*below.file, below.nodes[2 * i], &product);
                           if (result.ok() && 2 * i + 1 < below.nodes.size()) {
                             Integer other;
                             result = ReadInteger(*below.file, below.nodes[2 * i + 1], &other);
                             mpz_mul(product.get(), product.get(), other.get());
                             node.count += below.nodes[2 * i + 1].count;
                           }
                           if (result.ok()) result = WriteInteger(product, floor.file.get(), &node);
                           Done(static_cast<double>(node.bytes));
                           return result;
                         });
    floors_.push_back(std::move(floor));
    return status;
  }

  // The highest floor whose nodes are not too large.
  absl::Status Keep(const KeepProduct& keep) const {
    size_t kept = 0;
    for (size_t i = 1; i < floors_.size(); ++i) {
      const auto& nodes = floors_[i].nodes;
      if (std::ranges::max(nodes, {}, &Node::bytes).bytes <= kKeptProductBytes) kept = i;
    }
    const Floor& floor = floors_[kept];
    std::vector<uint8_t> bytes;
    for (const Node& node : floor.nodes) {
      bytes.resize(node.bytes);
      absl::Status status = floor.file->Read(node.offset, bytes);
      if (status.ok()) status = keep(node.first, node.count, bytes);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // The product of all that is not below it, at each root: of the other roots, and the earlier
  // ones.
  absl::Status MeetAtTheRoots(const EarlierProducts& earlier) {
    const Floor& top = floors_.back();
    absl::Status status = OpenFile(&above_);
    if (!status.ok()) return status;
    above_.nodes = top.nodes;
    for (size_t i = 0; status.ok() && i < top.nodes.size(); ++i) {
      Integer root;
      Integer met(1);
      status = ReadInteger(*top.file, top.nodes[i], &root);
      for (size_t j = 0; status.ok() && j < top.nodes.size(); ++j) {
        if (j == i) continue;
        Integer other;
        status = ReadInteger(*top.file, top.nodes[j], &other);
        MultiplyModulo(other, root, &met);
      }
      std::vector<uint8_t> bytes;
      for (size_t j = 0; status.ok() && j < earlier.count; ++j) {
        status = earlier.read(j, &bytes);
        if (!status.ok()) break;
        Integer other;
        AssignLittleEndian(bytes, &other);
        MultiplyModulo(other, root, &met);
      }
      if (status.ok()) status = WriteInteger(met, above_.file.get(), &above_.nodes[i]);
    }
    return status;
  }

  // From the last floor to the one below it, which is the last then.
  absl::Status GoDown() {
    floors_.pop_back();
    const Floor& floor = floors_.back();
    Floor here;
    here.nodes = floor.nodes;
    absl::Status status = OpenFile(&here);
    if (!status.ok()) return status;
    const size_t parents = (floor.nodes.size() + 1) / 2;
    const auto bytes_of = [&](size_t parent) {
      const size_t left = 2 * parent;
      return kBytesPerNodeByte *
             (floor.nodes[left].bytes +
              (left + 1 < floor.nodes.size() ? floor.nodes[left + 1].bytes : 0));
    };
    status = RunParallel(
        parents, options_.threads, options_.memory_bytes, bytes_of,
        [&](size_t parent) -> absl::Status {
          const size_t left = 2 * parent;
          const size_t right = left + 1;
          Integer at_parent;
          absl::Status result = ReadInteger(*above_.file, above_.nodes[parent], &at_parent);
          if (!result.ok()) return result;
          if (right == floor.nodes.size()) {
            return WriteInteger(at_parent, here.file.get(), &here.nodes[left]);
          }
          Integer a;
          Integer b;
          result = ReadInteger(*floor.file, floor.nodes[left], &a);
          if (result.ok()) result = ReadInteger(*floor.file, floor.nodes[right], &b);
          if (!result.ok()) return result;
          result = WriteInteger(StepDown(at_parent, a, b), here.file.get(), &here.nodes[left]);
          Done(kDownWork / 2 * static_cast<double>(b.bytes() + a.bytes()));
          if (!result.ok()) return result;
          result = WriteInteger(StepDown(at_parent, b, a), here.file.get(), &here.nodes[right]);
          Done(kDownWork / 2 * static_cast<double>(b.bytes() + a.bytes()));
          return result;
        });
    above_ = std::move(here);
    return status;
  }

  absl::Status GoDownBlocks() {
    const Floor& blocks = floors_.back();
    return RunAll(blocks.nodes.size(), 12 * kBlockBytes, [&](size_t i) -> absl::Status {
      Integer at_root;
      absl::Status status = ReadInteger(*above_.file, above_.nodes[i], &at_root);
      if (!status.ok()) return status;
      absl::StatusOr<SmallTree> tree = ReadBlock(blocks.nodes[i]);
      if (!tree.ok()) return tree.status();
      const std::vector<Integer> at_leaves = tree->Descend(std::move(at_root));
      for (size_t leaf = 0; leaf < at_leaves.size(); ++leaf) {
        Integer divisor;
        mpz_gcd(divisor.get(), at_leaves[leaf].get(), tree->leaves()[leaf].get());
        if (!divisor.is_one()) Found(blocks.nodes[i].first + leaf, divisor);
      }
      Done(kBlockDownWork * static_cast<double>(blocks.nodes[i].bytes));
      return absl::OkStatus();
    });
  }

  void Found(size_t index, const Integer& divisor) {
    const std::lock_guard lock(mutex_);
    found_.push_back({index, divisor.ToBytes()});
  }

  absl::Status OpenFile(Floor* floor) const {
    absl::StatusOr<std::unique_ptr<ScratchFile>> file =
        ScratchFile::Create(options_.scratch_folder);
    if (file.ok()) floor->file = *std::move(file);
    return file.status();
  }

  absl::Status RunAll(size_t count, uint64_t bytes, absl::FunctionRef<absl::Status(size_t)> job) {
    return RunParallel(
        count, options_.threads, options_.memory_bytes, [bytes](size_t) { return bytes; }, job);
  }

  void PlanWork(size_t blocks) {
    double floors = 0;
    for (; blocks > 2; blocks = (blocks + 1) / 2) ++floors;
    planned_ = static_cast<double>(all_bytes_) *
               (kBlockUpWork + kBlockDownWork + floors * (1 + kDownWork));
  }

  void Done(double work) {
    if (!options_.progress) return;
    const std::lock_guard lock(mutex_);
    done_ += work;
    options_.progress(std::min(1.0, planned_ == 0 ? 1.0 : done_ / planned_));
  }

  const ModulusList& moduli_;
  const BatchGcdOptions& options_;
  uint64_t all_bytes_ = 0;
  std::vector<Floor> floors_;  // of products, blocks first
  Floor above_;                // what stands at the nodes of the last floor
  std::mutex mutex_;
  std::vector<CommonDivisor> found_;
  double planned_ = 0;
  double done_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<CommonDivisor>> BatchGcd(const ModulusList& moduli,
                                                    const BatchGcdOptions& options,
                                                    const EarlierProducts& earlier,
                                                    const KeepProduct& keep) {
  if (moduli.size() == 0) return std::vector<CommonDivisor>();
  return Batch(moduli, options).Run(earlier, keep);
}

struct DivisorProbe::Impl {
  Integer product = Integer(1);
};

DivisorProbe::DivisorProbe(std::span<const CommonDivisor> divisors)
    : impl_(std::make_unique<Impl>()) {
  if (divisors.empty()) return;
  std::vector<std::vector<uint8_t>> distinct;
  for (const CommonDivisor& divisor : divisors) distinct.push_back(divisor.divisor);
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<Integer> factors;
  for (const std::vector<uint8_t>& divisor : distinct)
    factors.push_back(Integer::FromBytes(divisor));
  impl_->product = SmallTree(std::move(factors)).root();
}

DivisorProbe::~DivisorProbe() = default;

bool DivisorProbe::MeetsProduct(std::span<const uint8_t> product) const {
  Integer number;
  AssignLittleEndian(product, &number);
  Integer rest;
  mpz_tdiv_r(rest.get(), number.get(), impl_->product.get());
  mpz_gcd(rest.get(), rest.get(), impl_->product.get());
  return !rest.is_one();
}

std::vector<uint8_t> DivisorProbe::CommonWith(std::span<const uint8_t> modulus) const {
  const Integer n = Integer::FromBytes(modulus);
  Integer common;
  mpz_gcd(common.get(), n.get(), impl_->product.get());
  return common.is_one() ? std::vector<uint8_t>() : common.ToBytes();
}

}  // namespace mxsweep::tls
