// What follows from the inputs by multiplying.
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "tools/plan/fleet.h"
#include "tools/plan/internet.h"
#include "tools/plan/page.h"
#include "tools/plan/table_text.h"

namespace mxsweep::plan {
namespace {

constexpr double kHourS = 3'600;
constexpr double kMillion = 1e6;
constexpr double kGb = 1e9;

// The rows of ArithmeticTable.
class Arithmetic {
 public:
  Arithmetic(const Inputs& inputs, const Internet& internet, const FleetRun& run)
      : in_(inputs), internet_(internet), run_(run) {}

  std::string Text() {
    Asked();
    Time();
    Cpu();
    Memory();
    Bytes();
    NameServers();
    Cost();
    return table_.text();
  }

 private:
  void Row(std::string what, std::string how, std::string result) {
    table_.Row({std::move(what), std::move(how), std::move(result)});
  }

  void Asked() {
    Row("hosts of pools",
        absl::StrFormat("%s × %g × %g", Names(), in_.pool_share, in_.endpoints_of_pool_name),
        Millions(in_.domains * in_.pool_share * in_.endpoints_of_pool_name));
    Row("hosts of own and shared servers",
        absl::StrFormat("%s × %g × %g", Names(), in_.own_share, in_.endpoints_of_own_name),
        Millions(in_.domains * in_.own_share * in_.endpoints_of_own_name));
    Row("  of these told of a dead address, without a connection",
        absl::StrFormat("%s dead addresses, two connections each",
                        Millions(internet_.dead_addresses)),
        Millions(internet_.concluded));
    Row("hosts of providers",
        absl::StrFormat("%s × %g name them; asked once each", Names(), in_.provider_share),
        Millions(in_.provider_endpoints));
    Row("parked names",
        absl::StrFormat("%s × %g, told of %.0f addresses that are tried again every 5 minutes",
                        Names(), in_.parked_share, in_.parked_addresses),
        Millions(in_.parked_addresses * 2 / 300 * run_.probe.seconds()));
    Row("connections", "simulated: all of these, less what patience leaves",
        Millions(run_.connections));
  }

  void Time() {
    const double share = RateOfJob(in_);
    Row("jobs", "resolve + probe + merge", NumberText(in_.resolve_shards + in_.probe_shards + 1));
    Row("names a second",
        absl::StrFormat("%s questions a second / %g", NumberText(in_.dns_rate), in_.questions),
        NumberText(std::round(NamesPerS())));
    Row("hours of resolve by its rate", absl::StrFormat("%s / that", Names()),
        Hours(in_.domains / NamesPerS()));
    Row("hours of probe by its rate",
        absl::StrFormat("%s / %s", Millions(run_.connections), NumberText(in_.rate)),
        in_.rate > 0 ? Hours(run_.connections / in_.rate) : "0");
    Row("connections a second of a job",
        absl::StrFormat("%s / (%s × %g)", NumberText(in_.rate), NumberText(in_.nodes),
                        in_.probe_jobs_of_node),
        std::isfinite(share) ? NumberText(share) : "no limit");
  }

  void Cpu() {
    const auto hours = [this](const char* what, double count, std::string how, double seconds) {
      Row(what, Millions(count) + " × " + how, Hours(count * seconds));
      cpu_s_ += count * seconds;
    };
    hours("CPU hours of names", in_.domains, absl::StrFormat("%g ms", in_.name_cpu_ms),
          in_.name_cpu_ms / 1e3);
    hours("  of sessions", run_.connections, absl::StrFormat("%g ms", in_.session_cpu_ms),
          in_.session_cpu_ms / 1e3);
    hours("  of reading the list", in_.domains,
          absl::StrFormat("%.0f shards × %g ns", in_.resolve_shards, in_.line_ns),
          in_.resolve_shards * in_.line_ns / 1e9);
    hours("  of `merge`, one job on one core", Rows(), absl::StrFormat("%g µs", in_.merge_us),
          in_.merge_us / 1e6);
    Row("  in all", "", Hours(cpu_s_));
    Row("cores that are busy, of all",
        absl::StrFormat("that / (%s h × %.0f)", Hours(run_.seconds()), in_.nodes * in_.cores),
        absl::StrFormat("%.0f %%", 100 * cpu_s_ / (run_.seconds() * in_.nodes * in_.cores)));
  }

  void Memory() {
    const double names = in_.domains / in_.resolve_shards;
    const double mib =
        names * (in_.name_memory_bytes + in_.hosts_of_name * in_.host_memory_bytes) / 0x1p20;
    Row("MiB of a resolve job",
        absl::StrFormat("%s names × (%g + %g × %g B) + Unbound's %.0f", Millions(names),
                        in_.name_memory_bytes, in_.hosts_of_name, in_.host_memory_bytes,
                        in_.unbound_mib),
        absl::StrFormat("%.0f", mib + in_.unbound_mib));
    const double hosts = in_.domains * in_.hosts_of_name / in_.probe_shards;
    const double open =
        std::isfinite(RateOfJob(in_)) ? RateOfJob(in_) * in_.connect_timeout_s : in_.concurrency;
    const double waiting = WantedOfPools() / in_.probe_shards;
    Row("MiB of a probe job, without Unbound",
        absl::StrFormat("%s hosts × %g B + %.0f sessions × %g KiB + %s that wait × %g B",
                        Millions(hosts), in_.host_memory_bytes, open, in_.session_memory_kib,
                        Millions(waiting), in_.waiting_bytes),
        absl::StrFormat("%.0f",
                        (hosts * in_.host_memory_bytes + waiting * in_.waiting_bytes) / 0x1p20 +
                            open * in_.session_memory_kib / 1024));
    Row("GiB of `merge`",
        absl::StrFormat("%s hosts × 40 B + %s certificates × 60 B", Millions(Hosts()),
                        Millions(Certificates())),
        absl::StrFormat("%.1f", (Hosts() * 40 + Certificates() * 60) / 0x1p30));
  }

  void Bytes() {
    const double session = in_.session_bytes + in_.longer_chain_bytes;
    Row("GB of sessions, both ways",
        absl::StrFormat("%s × %.0f B", Millions(run_.connections), session),
        absl::StrFormat("%.0f", run_.connections * session / kGb));
    Row("GB of DNS, both ways",
        absl::StrFormat("%s × %.2f × (%g + %g B)", Names(), Upwards(), in_.question_bytes,
                        in_.answer_bytes),
        absl::StrFormat("%.0f",
                        in_.domains * Upwards() * (in_.question_bytes + in_.answer_bytes) / kGb));
    Row("Mbit a second while it resolves; while it probes", "GB by the hours of each",
        absl::StrFormat("%.0f; %.0f",
                        in_.domains * Upwards() * (in_.question_bytes + in_.answer_bytes) * 8 /
                            kMillion / run_.resolve.seconds(),
                        run_.connections * session * 8 / kMillion / run_.probe.seconds()));
    Row("GB of the merged survey",
        absl::StrFormat("names × %g + hosts × %g + endpoints × %g + certificates × %.0f B",
                        in_.domain_row_bytes, in_.host_row_bytes, in_.endpoint_row_bytes,
                        in_.certificate_row_bytes),
        absl::StrFormat("%.0f", (in_.domains * in_.domain_row_bytes + Hosts() * in_.host_row_bytes +
                                 Endpoints() * in_.endpoint_row_bytes +
                                 Certificates() * in_.certificate_row_bytes) /
                                    kGb));
  }

  void NameServers() {
    Row("questions a second, all Unbounds, to name servers",
        absl::StrFormat("names a second × (%g × %g + %g)", in_.questions, in_.upwards,
                        in_.questions_above),
        NumberText(std::round(MeanNamesPerS() * Upwards())));
    Row("  to the largest top-level domain's",
        absl::StrFormat("names a second × %g × %g", in_.questions_above, in_.largest_zone),
        NumberText(std::round(MeanNamesPerS() * in_.questions_above * in_.largest_zone)));
    Row("  to the largest DNS hoster's",
        absl::StrFormat("names a second × %g × %g × %g", in_.questions, in_.upwards,
                        in_.largest_dns_hoster),
        NumberText(
            std::round(MeanNamesPerS() * in_.questions * in_.upwards * in_.largest_dns_hoster)));
    Row("questions saved, since a provider's hosts are known",
        absl::StrFormat("%s × %g × A and AAAA", Names(), in_.provider_share),
        Millions(in_.domains * in_.provider_share * 2));
    Row("questions saved, since top-level domains are known",
        absl::StrFormat("%s × 1 to the root", Names()), Millions(in_.domains));
  }

  void Cost() {
    const double hours = run_.seconds() * in_.nodes / kHourS;
    const double sent_gb =
        (run_.connections * in_.session_bytes / 2 + in_.domains * Upwards() * in_.question_bytes) /
        kGb;
    Row("price of nodes", absl::StrFormat("%.0f node hours × %g", hours, in_.node_hour_price),
        absl::StrFormat("%.0f", hours * in_.node_hour_price));
    Row("price of what is sent",
        absl::StrFormat("%.0f GB (half of the sessions, and questions) × %g", sent_gb,
                        in_.gb_price),
        absl::StrFormat("%.0f", sent_gb * in_.gb_price));
  }

  std::string Names() const { return absl::StrFormat("%.0f million", in_.domains / kMillion); }
  double NamesPerS() const {
    return in_.dns_rate > 0 ? in_.dns_rate / in_.questions : in_.domains / run_.resolve.seconds();
  }
  double MeanNamesPerS() const { return in_.domains / run_.resolve.seconds(); }
  double Upwards() const { return in_.questions * in_.upwards + in_.questions_above; }
  double Hosts() const { return in_.domains * in_.hosts_of_name; }
  double WantedOfPools() const { return in_.domains * in_.pool_share * in_.endpoints_of_pool_name; }
  double Endpoints() const {
    return WantedOfPools() + in_.domains * in_.own_share * in_.endpoints_of_own_name +
           in_.provider_endpoints + in_.domains * in_.parked_share;
  }
  // Of those with a leaf of their own, at the most.
  double Certificates() const { return in_.domains * in_.own_share * in_.endpoints_of_own_name; }
  double Rows() const { return in_.domains + Hosts() + Endpoints() + Certificates(); }

  const Inputs& in_;
  const Internet& internet_;
  const FleetRun& run_;
  Table table_{"what", "how", "comes to"};
  double cpu_s_ = 0;
};

}  // namespace

std::string ArithmeticTable(const Inputs& inputs) {
  const Internet internet = DrawInternet(inputs);
  const FleetRun run = RunFleet(inputs, internet);
  return Arithmetic(inputs, internet, run).Text();
}

}  // namespace mxsweep::plan
