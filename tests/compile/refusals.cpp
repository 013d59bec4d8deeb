// SPDX-License-Identifier: MIT
// refusals.cpp - wrong programs, one a function, each with what its user is told.
// tests/source_tests compiles each alone, behind what stands above the first of them: that error
// must be the first.
//   // refused: a part of the message
//   // naming: what else must be in the compiler's output, blanks aside
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <procfarm/procfarm.hpp>

using procfarm::ProcessPoolExecutor;

struct Point {  // does not travel
  int x = 0;
  int y = 0;
  int norm() const { return x * x + y * y; }
};
struct Box {
  int side = 0;
  MSGPACK_DEFINE(side)
};

int twice(int x) { return 2 * x; }
int sum(int a, int b, int c = 0) { return a + b + c; }
int overloaded(int x) { return x; }
double overloaded(double x) { return x; }
int first_of(const int* numbers) { return *numbers; }
void grow(std::string& text) { text += "!"; }
int sum_of_three(std::span<const int, 3> numbers) { return numbers[0] + numbers[1] + numbers[2]; }
void fill(std::span<int> numbers) { numbers[0] = 1; }
int norm(const Point& point) { return point.norm(); }
std::size_t count_points(std::vector<Point> points) { return points.size(); }
Point make_point(int x) { return {x, x}; }
std::string_view name_of(int) { return "seven"; }
const char* text_of(int) { return "seven"; }

void right_program(ProcessPoolExecutor& pool, std::vector<int>& numbers) {
  pool.submit<twice>(1);
  pool.submit<static_cast<double (*)(double)>(overloaded)>(1);
  pool.submit([](int a, int b) { return a + b; }, 1, 2);
  pool.submit([](auto a, auto b) { return a + b; }, 1, 2.5);
  pool.submit([](const Box& box) { return box; }, Box{});
  pool.map<twice>(numbers);
  pool.map([](int x, const std::string& text) { return text.size() * static_cast<unsigned>(x); },
           numbers, std::vector<std::string>{"a"});
}
// refused: an address of a function means nothing in another process
// naming: CheckCallable<int (*)(int)>
void address_of_a_function(ProcessPoolExecutor& pool) { pool.submit(&twice, 1); }

// refused: Pass the function as a template argument: submit<f>(args...)
// naming: CheckCallable<int (*)(int)>
void pointer_variable(ProcessPoolExecutor& pool, int (*pointer)(int)) { pool.submit(pointer, 1); }

// refused: an address of a function means nothing in another process
// naming: CheckCallable<int (*)(int)>
void address_for_map(ProcessPoolExecutor& pool, std::vector<int>& numbers) {
  pool.map(twice, numbers);
}

// refused: an address of a function means nothing in another process
// naming: CheckCallable<int (*)(int)>
procfarm::Call address_for_call() { return procfarm::call(&twice, 1); }

// refused: a member cannot be called in another process
// naming: Point::
void member_function(ProcessPoolExecutor& pool) { pool.submit(&Point::norm, Point{}); }

// refused: a member cannot be called in another process
// naming: Box::
void member_as_template_argument(ProcessPoolExecutor& pool) { pool.submit<&Box::side>(Box{}); }

// refused: a lambda that captures cannot be sent
// naming: lambda
void capturing_lambda(ProcessPoolExecutor& pool, int offset) {
  pool.submit([offset](int x) { return x + offset; }, 1);
}

// refused: a lambda that captures cannot be sent
// naming: lambda
void capturing_lambda_for_map(ProcessPoolExecutor& pool, std::vector<int>& numbers, int offset) {
  auto results = pool.with({.name = "shifted"}).map([&](int x) { return x + offset; }, numbers);
  for (int result : results) offset += result;
}

// refused: a lambda that captures cannot be sent, nor another object that holds something
// naming: std::function<int
void function_object_with_state(ProcessPoolExecutor& pool, std::function<int(int)>& function) {
  pool.submit(function, 1);
}

// refused: this parameter's type cannot travel to another process
// naming: CheckParameter<1, const Point&>
void parameter_that_cannot_travel(ProcessPoolExecutor& pool) { pool.submit<norm>(Point{}); }

// refused: Write MSGPACK_DEFINE(members...) in it
// naming: CheckParameter<1, std::vector<Point
void elements_that_cannot_travel(ProcessPoolExecutor& pool) {
  pool.submit<count_points>(std::vector<Point>{});
}

// refused: this parameter's type cannot travel to another process
// naming: CheckParameter<2, Point>
void second_parameter_of_a_lambda(ProcessPoolExecutor& pool) {
  pool.submit([](int, Point point) { return point.x; }, 1, Point{});
}

// refused: the result's type cannot travel from another process
// naming: CheckResult<Point>
void result_that_cannot_travel(ProcessPoolExecutor& pool) { pool.submit<make_point>(1); }

// refused: a view or pointer cannot be returned from another process
// naming: CheckResult<std::basic_string_view
void result_that_is_a_view(ProcessPoolExecutor& pool) { pool.submit<name_of>(1); }

// refused: a view or pointer cannot be returned from another process
// naming: CheckResult<const char*>
void result_that_is_a_pointer(ProcessPoolExecutor& pool) { pool.submit<text_of>(1); }

// refused: a parameter of type T& would change a copy in another process
// naming: CheckParameter<1, std::__cxx11::basic_string<char>&>
// naming with clang++: CheckParameter<1, std::basic_string<char>&>
void mutable_reference(ProcessPoolExecutor& pool, std::string& text) { pool.submit<grow>(text); }

// refused: elements of a span cannot be changed from another process
// naming: std::span<int
void mutable_span(ProcessPoolExecutor& pool, std::vector<int>& numbers) {
  pool.submit<fill>(numbers);
}

// refused: a span of a fixed size cannot be sent. Take std::span<const T>, or std::array
// naming: std::span<const int
void span_of_a_fixed_size(ProcessPoolExecutor& pool, std::vector<int>& numbers) {
  pool.submit<sum_of_three>(std::span<const int, 3>(numbers));
}

// refused: a view or pointer cannot be returned from another process
// naming: std::span<const int
void result_of_a_fixed_size(ProcessPoolExecutor& pool) {
  pool.submit([](int) { return std::span<const int, 0>(); }, 1);
}

// refused: a raw pointer means nothing in another process
// naming: CheckParameter<1, const int*>
void raw_pointer(ProcessPoolExecutor& pool, std::vector<int>& numbers) {
  pool.submit<first_of>(numbers.data());
}

// refused: default arguments are not filled in: give all of them
// naming: CheckArgumentCount<2, 3>
void default_argument(ProcessPoolExecutor& pool) { pool.submit<sum>(1, 2); }

// refused: the number of arguments is not the number of parameters
// naming: CheckArgumentCount<2, 1>
void too_many_arguments(ProcessPoolExecutor& pool) { pool.submit<twice>(1, 2); }

// refused: the number of arguments is not the number of parameters
// naming: CheckArgumentCount<2, 1>
void too_many_ranges(ProcessPoolExecutor& pool, std::vector<int>& numbers) {
  pool.map<twice>(numbers, numbers);
}

// refused: this argument cannot be converted to the type of the parameter
// naming: CheckArgument<3, const char (&)[6], int>
void argument_that_does_not_fit(ProcessPoolExecutor& pool) { pool.submit<sum>(1, 2, "three"); }

// refused: this argument cannot be converted to the type of the parameter
// naming: CheckArgument<1, std::
void items_that_do_not_fit(ProcessPoolExecutor& pool, std::vector<std::string>& texts) {
  pool.map<twice>(texts);
}

// refused: map takes ranges, with begin() and end()
// naming: CheckRange<int>
void no_range(ProcessPoolExecutor& pool) { pool.map<twice>(3); }

// refused: the callable cannot be called with these arguments
// naming: CheckCall<
void generic_lambda_with_too_few(ProcessPoolExecutor& pool) {
  pool.submit([](auto a, auto b) { return a + b; }, 1);
}

// refused: they arrive as rvalues of their decayed types
// naming: CheckCall<
void generic_lambda_by_reference(ProcessPoolExecutor& pool, int number) {
  pool.submit([](auto& x) { return ++x; }, number);
}

// refused: this parameter's type cannot travel to another process
// naming: CheckParameter<1, Point>
void generic_lambda_of_what_cannot_travel(ProcessPoolExecutor& pool) {
  pool.submit([](auto point) { return point.x; }, Point{});
}

// No library can say more of an overloaded name than the compiler does; it must say that much.
// refused: no matching
// naming: overloaded
void overloaded_function(ProcessPoolExecutor& pool) { pool.submit<overloaded>(1); }

// refused: this parameter's type cannot travel to another process
// naming: CheckParameter<1, const Point&>
PROCFARM_EXPORT(procfarm::function<norm>("norm", {"point"}, "of a point"))

// refused: give one name for each parameter of the exported function
// naming: twice
PROCFARM_EXPORT(procfarm::function<twice>("twice", {"x", "y"}, "two names for one parameter"))
